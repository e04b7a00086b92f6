"""The pages of the documentation that are about surveys: docs/how-to/survey.md."""

import shlex
from pathlib import Path

import pytest
import yaml

from overlap.commands.survey import command
from overlap.survey.against import gates
from tests.docs.blocks import blocks

ROOT = Path(__file__).parents[2]
STEPS = next(
    block for block in blocks(ROOT / "docs/how-to/survey.md", ROOT) if block.language == "yaml"
)


@pytest.mark.parametrize("step", yaml.safe_load(STEPS.text), ids=lambda step: step["run"])
def test_the_steps_of_the_workflow_are_commands_that_there_are(step):
    """Each is one that `overlap survey` takes; the page runs the same ones before."""
    program, name, *arguments = shlex.split(step["run"].partition(" > ")[0])
    assert (program, name) == ("overlap", "survey")
    found = command.make_context("survey", arguments).params
    assert found["sources"]
    if found["fail_on"]:
        assert len(gates(found["fail_on"])) == 4
        assert found["against"]
