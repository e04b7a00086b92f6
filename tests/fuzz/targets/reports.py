"""Saved reports of `overlap survey`: read, merged and printed, or refused in one line."""

import json

from overlap.errors import OverlapError
from overlap.judge import verdict  # noqa: F401  the survey judges by it
from overlap.survey import as_dict, from_dict, merge, survey
from overlap.survey.report import report
from overlap.trace import read
from tests.fuzz.printable import assert_printable
from tests.fuzz.targets.drawing import _print
from tests.fuzz.targets.samples import otlp_json


def seeds() -> list[bytes]:
    return [json.dumps(as_dict(survey(read(otlp_json())))).encode()]


def check(data: bytes) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        found = from_dict(document, source="report.json")
    except OverlapError as error:
        assert_printable(str(error), also="")
        return
    _print(report(as_dict(merge([found, found]))))
