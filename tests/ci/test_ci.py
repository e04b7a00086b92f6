"""Findings at a line: as SARIF that follows its schema, and beside what was acknowledged."""

import datetime
import json

import pytest
from fluidattacks_core.sarif import SarifLog
from hypothesis import given
from hypothesis import strategies as st

from overlap import names, verdict
from overlap.ci import acknowledgments, sarif
from overlap.ci.acknowledgments import Acknowledgment
from overlap.ci.finding import Finding, merged
from overlap.ci.findings import of_survey, of_verdict
from overlap.ci.gate import check
from overlap.errors import OverlapError
from overlap.judge.model import CHANGES
from overlap.survey import survey
from overlap.trace import Trace

TODAY = datetime.date(2026, 11, 30)
LINE = "shop/views.py:14 in checkout"
BLOCKING = Finding("blocking", LINE, "it blocked", "GET /checkout/", "", "f" * 32)
GATHER = Finding("gather", "shop/views.py:20 in stew", "gather them", "GET /stew/")
LOST = Finding("lost", "", "mail was lost", "GET /order/ mail")


def entry(rule="*", at="*", expires=TODAY):
    return Acknowledgment(rule, at, "known", expires)


def valid(document):
    """The SARIF log, checked by classes that were made from the standard's own JSON schema."""
    return SarifLog.model_validate_json(json.dumps(document), by_alias=True, by_name=False)


@pytest.fixture
def blocked(span):
    """The verdict on a request that a line of its view blocked, and that awaited in a row."""
    attributes = {
        names.CODE_FILE_PATH: "shop/views.py", names.CODE_LINE_NUMBER: 14,
        names.CODE_FUNCTION_NAME: "checkout", names.BLOCKED_KIND: names.BLOCK_SLEEP,
    }  # fmt: skip
    spans = (
        span("1", 0, 900, name="GET /checkout/", kind="server"),
        span("2", 10, 210, "1", name=names.SPAN_BLOCKED, attributes=attributes),
        span("3", 220, 520, "1", name="stock"),
        span("4", 521, 890, "1", name="price"),
    )
    return Trace("f" * 32, spans)


def test_a_verdict_has_a_finding_for_each_line(blocked):
    """What blocks, with the advice for it; and advice of other kinds."""
    found = list(of_verdict(verdict(blocked), "GET /checkout/"))
    assert [each.rule for each in found] == ["blocking", "gather"]
    first = found[0]
    assert (first.file, first.line, first.function) == ("shop/views.py", 14, "checkout")
    assert "blocked the event loop" in first.text
    assert "asyncio.sleep" in first.text


@pytest.mark.parametrize("change", sorted({*CHANGES} - {"off_loop", "durable"}))
def test_every_kind_of_advice_has_a_rule_and_words_for_a_survey(change):
    """`off_loop` and `durable` are told as what blocks and what is lost."""
    assert change in sarif.RULES
    row = {
        "change": change, "at": LINE, "parent": "GET /", "condition": "", "saves_p50_ms": 20,
        "example": "f" * 32, "traces": 3,
    }  # fmt: skip
    route = {"route": "GET /", "lost": {}, "advice": [row]}
    (found,) = of_survey({"culprits": [], "routes": [route]})
    assert f"what runs here {change};" not in found.text


def test_a_survey_has_the_same_lines(blocked):
    """The culprit once, for all traces."""
    found = list(of_survey(survey([blocked]).as_dict()))
    assert {each.rule for each in found} == {"blocking", "gather"}
    (first,) = (each for each in found if each.rule == "blocking")
    assert (first.file, first.line) == ("shop/views.py", 14)


def test_sarif_follows_the_schema_and_names_file_and_line():
    """Acknowledged findings are suppressed, with their reason."""
    checked = check([BLOCKING, GATHER, LOST], [entry("gather")], TODAY)
    document = sarif.document(checked)
    log = valid(document)
    assert log.version.value == "2.1.0"
    blocking, lost, gather = document["runs"][0]["results"]
    physical = blocking["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "shop/views.py", "uriBaseId": "%SRCROOT%"}
    assert physical["region"] == {"startLine": 14}
    assert (blocking["level"], gather["level"]) == ("error", "warning")
    assert "physicalLocation" not in lost["locations"][0]
    assert gather["suppressions"][0]["justification"] == "known (until 2026-11-30)"
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in (blocking, lost, gather))


def test_the_schema_refuses_what_is_no_sarif():
    """The check can fail: an unknown key, a wrong level, a line before the first."""
    for change in (
        lambda result: result.update(colour="red"),
        lambda result: result.update(level="fatal"),
        lambda result: result["locations"][0]["physicalLocation"]["region"].update(startLine=0),
    ):
        document = sarif.document(check([BLOCKING], [], TODAY))
        change(document["runs"][0]["results"][0])
        with pytest.raises(ValueError, match="validation error"):
            valid(document)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.builds(Finding, rule=TEXTS, at=TEXTS, text=TEXTS, route=TEXTS), max_size=8))
def test_any_name_in_a_trace_makes_valid_sarif(findings):
    """Whatever the files, functions and routes are called."""
    valid(sarif.document(check(merged(findings), [], TODAY)))


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("/usr/lib/a b.py", "file:///usr/lib/a%20b.py"),
        ("C:\\shop\\views.py", "file:///C:/shop/views.py"),
        ("läden/views.py", "l%C3%A4den/views.py"),
    ],
)
def test_files_outside_the_project_are_absolute_uris(file, uri):
    """And no path is an invalid URI."""
    finding = Finding("blocking", f"{file}:3 in f", "text")
    (result,) = sarif.document(check([finding], [], TODAY))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_fingerprint_survives_a_line_that_is_added_above():
    """A code host knows the finding again."""
    moved = Finding("blocking", "shop/views.py:99 in checkout", "it blocked")
    assert moved.fingerprint == BLOCKING.fingerprint
    assert GATHER.fingerprint != BLOCKING.fingerprint


@pytest.mark.parametrize(
    "at",
    [
        "shop/views.py", "shop/views.py:14", "shop/views.py in checkout", LINE, "GET /checkout/",
        "shop/*", "*",
    ],
)  # fmt: skip
def test_an_acknowledgment_names_a_file_a_line_a_function_a_route_or_a_pattern(at):
    """Its rule must fit as well."""
    assert entry("blocking", at).covers(BLOCKING)
    assert not entry("gather", at).covers(BLOCKING)
    assert not entry("blocking", "other").covers(BLOCKING)


def test_what_is_new_unused_or_expired_is_reported():
    """On its last day an entry still holds; the day after, its finding is new again."""
    known = [entry("blocking"), entry("gather", "nowhere")]
    today = check([BLOCKING], known, TODAY)
    assert (today.new, today.unused, today.expired) == ([], known[1:], [])
    assert not today.fails
    assert list(today.sentences()) == ["unused: gather at nowhere (until 2026-11-30: known)"]
    tomorrow = check([BLOCKING], known, TODAY + datetime.timedelta(days=1))
    assert (tomorrow.new, tomorrow.known, tomorrow.expired) == ([BLOCKING], [], known)
    assert tomorrow.fails
    assert check([GATHER], known, TODAY).fails
    assert check([], [entry(expires=TODAY - datetime.timedelta(days=1))], TODAY).fails


def test_a_file_is_read(tmp_path):
    """TOML, with a date."""
    path = tmp_path / "known.toml"
    path.write_text(
        '[[acknowledged]]\nrule = "blocking"\nat = "*"\nreason = "at night"\nexpires = 2027-01-31\n'
    )
    expected = Acknowledgment("blocking", "*", "at night", datetime.date(2027, 1, 31))
    assert acknowledgments.read(path) == [expected]
    path.write_text("")
    assert acknowledgments.read(path) == []


WHOLE = {"rule": '"a"', "at": '"b"', "reason": '"c"', "expires": "2027-01-31"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": None}, r"number 1 needs reason, a text"),
        ({"reason": '" "'}, r"needs reason, a text"),
        ({"rule": "3"}, r"needs rule, a text"),
        ({"expires": None}, r"needs expires, a date such as 2027-03-31"),
        ({"expires": '"soon"'}, r"needs expires, a date"),
        ({"expires": "2027-01-31T10:00:00"}, r"needs expires, a date"),
        ({"until": "1"}, r"unknown key 'until'"),
        ({"at": "["}, r"is not TOML"),
    ],
)
def test_an_incomplete_entry_is_one_sentence(tmp_path, change, sentence):
    """It names the entry."""
    path = tmp_path / "known.toml"
    lines = [f"{key} = {value}" for key, value in (WHOLE | change).items() if value]
    path.write_text("\n".join(["[[acknowledged]]", *lines]))
    with pytest.raises(OverlapError, match=sentence):
        acknowledgments.read(path)


@pytest.mark.parametrize("text", ["acknowledged = 3", "[known]\na = 1", "\xff"])
def test_another_file_is_one_sentence(tmp_path, text):
    """So is one that is not there."""
    path = tmp_path / "known.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(OverlapError):
        acknowledgments.read(path)
    with pytest.raises(OverlapError, match="can't be read: No such file"):
        acknowledgments.read(tmp_path / "none.toml")
