"""The page of long runs shows what the commands printed, and nothing that failed."""

import pytest

from tests.supply.long_runs import page, runs


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.command)
def test_a_run_says_its_command_and_machine(root, run):
    """The command is one of the Makefile's; the page has all that it printed."""
    make, target, *_ = run.command.split()
    assert make == "make"
    assert f"\n{target}:" in (root / "Makefile").read_text(encoding="utf-8")
    assert "2026" in run.machine
    assert run.output in page()


def test_the_soaks_are_as_they_should_be():
    """A run in which a check failed is no promise kept."""
    soaks = [run for run in runs() if run.command.startswith("make soak")]
    assert soaks
    for run in soaks:
        assert run.output.endswith("all as it should be")


def test_every_target_was_fuzzed():
    """Each has its line: inputs, lines reached, failures."""
    from tests.fuzz.targets import NAMES

    fuzzed = "\n".join(run.output for run in runs() if run.command.startswith("make fuzz"))
    for name in NAMES:
        assert f"\n{name} " in f"\n{fuzzed}"
