"""Saved reports of `overlap survey`: read, merged and printed, or refused in one line."""

from overlap.errors import OverlapError
from overlap.judge import verdict  # noqa: F401  the survey judges by it
from overlap.survey import Report, merge, survey
from overlap.survey.against import compare
from overlap.survey.against.tables import report as comparison_report
from overlap.survey.html import page
from overlap.survey.tables import report
from overlap.trace import read
from tests.fuzz.printable import assert_printable
from tests.fuzz.targets.drawing import _print
from tests.fuzz.targets.samples import otlp_json


def seeds() -> list[bytes]:
    return [survey(read(otlp_json())).to_json().encode()]


def check(data: bytes) -> None:
    try:
        found = Report.from_json(data, source="report.json")
    except OverlapError as error:
        assert_printable(str(error), also="")
        return
    document = merge([found, found]).as_dict()
    _print(report(document), comparison_report(compare(found, found)))
    page(document)
