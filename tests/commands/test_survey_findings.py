"""`overlap survey --sarif` and `--acknowledged`, run as a user runs them."""

import json
import subprocess
import sys

import pytest
from fluidattacks_core.sarif import SarifLog

from tests.survey.conftest import otlp, request

KNOWN = '[[acknowledged]]\nrule = "{}"\nat = "*"\nreason = "r"\nexpires = {}\n'


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "survey", "traces.jsonl", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=folder, env={"PATH": ""},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A folder with a serial request, whose steps could be gathered."""
    (tmp_path / "traces.jsonl").write_text(otlp(request(1)))
    return tmp_path


def test_findings_are_written_at_their_lines(folder):
    """Beside the report, or instead of it on standard output."""
    done = run(folder, "--sarif", "overlap.sarif")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Begin with" in done.stdout
    text = (folder / "overlap.sarif").read_text()
    SarifLog.model_validate_json(text, by_alias=True, by_name=False)
    results = json.loads(text)["runs"][0]["results"]
    assert [row["ruleId"] for row in results] == ["gather"]
    printed = run(folder, "--sarif", "-").stdout
    assert json.loads(printed) == json.loads(text)


def test_what_is_not_acknowledged_fails(folder):
    """Acknowledged until a day: unused entries are reported, expired ones fail."""
    (folder / "known.toml").write_text(KNOWN.format("gather", "2999-01-01"))
    done = run(folder, "--acknowledged", "known.toml")
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "known.toml").write_text(KNOWN.format("lost", "2999-01-01"))
    done = run(folder, "--acknowledged", "known.toml")
    assert done.returncode == 1
    new, unused = done.stderr.splitlines()
    assert new.startswith("new: gather at ")
    assert unused == "unused: lost at * (until 2999-01-01: r)"
    (folder / "known.toml").write_text(KNOWN.format("gather", "2020-01-01"))
    done = run(folder, "--acknowledged", "known.toml")
    assert done.returncode == 1
    assert "expired: gather at * (until 2020-01-01: r)" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--sarif", "-", "--json"),
        ("--sarif", "a", "--against", "traces.jsonl"),
        ("--acknowledged", "none.toml"),
        ("--sarif", "no/such/folder.sarif"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(folder, arguments):
    """Exit status 2."""
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
