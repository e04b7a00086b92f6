"""The JSON of a survey: a documented, versioned contract, which can be read again and merged."""

from __future__ import annotations

from typing import Any

import msgspec

from overlap.errors import OverlapError
from overlap.survey.rows.advice import advice_of_all
from overlap.survey.rows.culprits import culprits, waits
from overlap.survey.rows.routes import routes
from overlap.survey.rows.tasks import background, lost
from overlap.survey.rows.units import seconds
from overlap.survey.totals.checking import contradiction
from overlap.survey.totals.merging import bound
from overlap.survey.totals.model import Totals

VERSION = 1
"""Raised when a key changes its meaning; keys may be added."""


def as_dict(totals: Totals) -> dict[str, Any]:
    """Return the report, and under `state` what is needed to merge it with others."""
    bound(totals)
    waited = waits(totals)
    return {
        "overlap_survey": VERSION,
        "traces": totals.traces,
        "spans": totals.spans,
        "seconds": seconds(length_ns(totals)),
        "start_ns": totals.start_ns,
        "end_ns": totals.end_ns,
        "unended_traces": totals.unended,
        "spans_left_out": totals.left_out,
        "begin_with": advice_of_all(totals, waited, length_ns(totals)),
        "routes": routes(totals, waited, length_ns(totals)),
        "culprits": culprits(waited),
        "background": background(totals.routes.values()),
        "lost": lost(totals.routes.values()),
        "warnings": dict(sorted(totals.warnings.items())),
        "state": msgspec.to_builtins(totals, str_keys=True, order="deterministic"),
    }


def length_ns(totals: Totals) -> int:
    """Return the time from the first start to the last end."""
    return (totals.end_ns or 0) - (totals.start_ns or 0)


def from_dict(document: Any, *, source: str = "input") -> Totals:
    """Return the survey of a document that `as_dict` made. Raise OverlapError if it is none."""
    version = document.get("overlap_survey") if isinstance(document, dict) else None
    if version != VERSION:
        raise OverlapError(f"{source} is no report of a survey in version {VERSION}")
    try:
        totals = msgspec.convert(document.get("state"), Totals, strict=False)
    except (msgspec.ValidationError, UnicodeError) as error:
        raise OverlapError(f"{source} is a damaged report of a survey: {error}") from None
    if found := contradiction(totals):
        raise OverlapError(f"{source} is a damaged report of a survey: {found}")
    return totals
