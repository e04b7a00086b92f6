"""Findings of a test run: as SARIF, and beside what is acknowledged."""

import json
from pathlib import Path

import pytest
from fluidattacks_core.sarif import SarifLog

pytestmark = pytest.mark.slow

KNOWN = """
[[acknowledged]]
rule = "{rule}"
at = "{at}"
reason = "it is there to be found"
expires = {expires}
"""


def results(path):
    text = path.read_text()
    SarifLog.model_validate_json(text, by_alias=True, by_name=False)
    return json.loads(text)["runs"][0]["results"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_sarif_has_the_lines_of_all_tests(run, tmp_path, workers):
    """Each finding once, at file and line, also where workers ran the tests."""
    path = tmp_path / "overlap.sarif"
    done = run("suite_findings.py", f"--overlap-sarif={path}", *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {row["ruleId"]: row for row in results(path)}
    burn = found["blocking"]
    place = burn["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shopsite/urls.py"
    urls = Path(__file__).with_name("shop") / "shopsite" / "urls.py"
    lines = urls.read_text(encoding="utf-8").splitlines()
    assert "time.sleep" in lines[place["region"]["startLine"] - 1]
    assert burn["occurrenceCount"] == 2
    assert burn["properties"]["test"].startswith("suite_findings.py::test_burn")
    assert "gather" in found
    assert "findings (0 acknowledged) in" in done.stdout


def test_without_the_options_nothing_is_collected(run):
    """The exit status is that of the tests."""
    done = run("suite_findings.py")
    assert done.returncode == 0
    assert "findings" not in done.stdout.replace("suite_findings", "")


def acknowledged(run, tmp_path, *entries):
    path = tmp_path / "known.toml"
    path.write_text("".join(KNOWN.format(**entry) for entry in entries))
    return run("suite_findings.py", f"--overlap-acknowledged={path}")


ALL = {"rule": "*", "at": "shopsite/urls.py", "expires": "2999-01-01"}
BURN = {"rule": "blocking", "at": "shopsite/urls.py in burn", "expires": "2999-01-01"}


def test_what_is_acknowledged_passes(run, tmp_path):
    """Nothing is said of it."""
    done = acknowledged(run, tmp_path, ALL)
    assert done.returncode == 0, done.stdout
    assert "overlap: findings" not in done.stdout


def test_a_new_finding_fails_and_an_unused_entry_is_reported(run, tmp_path):
    """The tests themselves pass; the run does not."""
    unused = {"rule": "lost", "at": "*", "expires": "2999-01-01"}
    done = acknowledged(run, tmp_path, BURN, unused)
    assert done.returncode == 1
    assert "4 passed" in done.stdout
    assert "new: gather at shopsite/urls.py" in done.stdout
    assert "unused: lost at *" in done.stdout
    assert "blocking" not in done.stdout


def test_an_expired_entry_fails(run, tmp_path):
    """Also where nothing is found that it acknowledged."""
    done = acknowledged(run, tmp_path, ALL, {**BURN, "expires": "2020-01-01"})
    assert done.returncode == 1
    assert "expired: blocking at shopsite/urls.py in burn (until 2020-01-01" in done.stdout


def test_a_file_that_can_not_be_used_is_one_sentence(run, tmp_path):
    """As pytest says what is wrong with its options."""
    done = run("suite_findings.py", f"--overlap-acknowledged={tmp_path / 'none.toml'}")
    assert done.returncode == 4
    assert "none.toml can't be read" in done.stderr
    assert "Traceback" not in done.stderr
