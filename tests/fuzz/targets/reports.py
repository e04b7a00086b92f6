"""Saved reports of `overlap survey`: read, merged and printed, or refused in one line."""

import json

from overlap import names
from overlap.errors import OverlapError
from overlap.judge import verdict  # noqa: F401  the survey judges by it
from overlap.survey import Report, merge, survey
from overlap.survey.against import compare
from overlap.survey.against.gates import failures, gates
from overlap.survey.against.tables import report as comparison_report
from overlap.survey.flame import stacks
from overlap.survey.html import page
from overlap.survey.tables import report
from overlap.trace import Span, Trace, read
from tests.fuzz.printable import assert_harmless, assert_printable
from tests.fuzz.targets.drawing import _print
from tests.fuzz.targets.samples import otlp_json

_T0, _MS = 1_700_000_000_000_000_000, 1_000_000
_GATES = gates("slower:10%,blocking,lost,serial")


def seeds() -> list[bytes]:
    return [survey(_traces()).to_json().encode(), survey(read(otlp_json())).to_json().encode()]


def check(data: bytes) -> None:
    if (found := checked(data)) is not None:
        _print(report(found.as_dict()), comparison_report(compare(found, survey(_traces()))))


def checked(data: bytes) -> Report | None:
    """Check everything but the tables, which take longest; return the report unless refused."""
    try:
        found = Report.from_json(data, source="report.json")
    except OverlapError as error:
        assert_printable(str(error), also="")
        return None
    other = survey(_traces())
    document = merge([found, other]).as_dict()
    changes = compare(found, other)
    json.dumps([document, changes, compare(other, found)], allow_nan=False)
    assert_printable("".join(failures(changes, _GATES)), also="")
    assert_harmless(page(document))
    assert_printable("\n".join(stacks(document)))
    return found


def _traces() -> list[Trace]:
    """Return two traces that have a row of every kind: the second has no end."""
    traces = [
        _trace(1, [
            _span(1, 1, 0, "GET /smoke/", 0, 900, kind="server",
                  attributes={"http.response.status_code": 500}),
            *(_span(1, n, 1, "SELECT", 20 * n, 20 * n + 9, kind="client", attributes={
                names.DB_SYSTEM_NAME: "sqlite", names.DB_QUERY: f"SELECT {n}"})
              for n in range(2, 7)),
            _span(1, 7, 1, names.SPAN_BLOCKED, 200, 400, attributes={names.BLOCKED_KIND: "cpu"}),
            _span(1, 8, 1, "season", 300, 1900, attributes={names.TASK_END: names.TASK_LOST}),
            _span(1, 9, 1, "get_smokables", 400, 600, status="error"),
            _span(1, 10, 1, "get_flavor", 600, 800),
            _span(1, 11, 1, names.SPAN_TASK_STARTED, 810, 810, attributes={
                names.TASK_SPAN_ID: f"{12:016x}", names.TASK_NAME: "season"}),
        ]),
        _trace(2, [
            _span(2, 1, 0, "GET /smoke/", 0, 300, kind="server", attributes={
                names.VICTIM_BLOCKED_BY: f"{1:032x}-{7:016x}+150.000"}),
            _span(2, 2, 1, "get_smokables", 0, 200), _span(2, 3, 1, "get_flavor", 100, None),
        ]),
    ]  # fmt: skip
    return traces


def _trace(number: int, spans: list[Span]) -> Trace:
    return Trace(f"{number:032x}", tuple(spans), warnings=(f"trace {number} is a sample",))


def _span(  # noqa: PLR0917
    trace: int, number: int, parent: int, name: str, start_ms: int, end_ms: int | None, **fields
) -> Span:
    return Span(
        f"{trace:032x}", f"{number:016x}", name, _T0 + start_ms * _MS,
        None if end_ms is None else _T0 + end_ms * _MS,
        f"{parent:016x}" if parent else None, service="smokehouse", **fields,
    )  # fmt: skip
