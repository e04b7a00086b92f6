"""The list of traces, with what the survey found in each, filtered by the address."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from overlap.judge import SHAPES
from overlap.pocket.pages.comparison import Render
from overlap.pocket.pages.contents import Contents
from overlap.pocket.storage.span_batch import Origin
from overlap.pocket.storage.store import StoredTrace
from overlap.pocket.survey.live_survey import Facts, LiveSurvey

LISTED = 200
MOST_TEXT = 200
MOST_CHOICES = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A trace, and what the survey found in it; None if it is not surveyed yet."""

    stored: StoredTrace
    facts: Facts | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. An empty field is not checked."""

    service: str = ""
    route: str = ""
    shape: str = ""
    least_ms: float = 0.0
    text: str = ""

    @property
    def least(self) -> str:
        """The least duration as it stands in the form."""
        return f"{self.least_ms:g}" if self.least_ms else ""

    def may_fit(self, stored: StoredTrace, facts: Facts | None) -> bool:
        """Return whether a trace fits everything but the text."""
        if self.service and self.service not in stored.services:
            return False
        if self.route and not (facts and self.route in facts.routes):
            return False
        if self.shape and not (facts and self.shape in facts.shapes):
            return False
        return (stored.last_end_ns - stored.first_start_ns) / 1e6 >= self.least_ms


def filter_of(asked: Mapping[str, str]) -> Filter:
    """Read the filter of an address; what can't be read is not checked."""
    try:
        least = float(asked.get("least", "") or 0)
    except ValueError:
        least = 0.0
    shape = asked.get("shape", "")
    return Filter(
        service=asked.get("service", ""),
        route=asked.get("route", ""),
        shape=shape if shape in SHAPES else "",
        least_ms=least if 0 < least < math.inf else 0.0,
        text=asked.get("q", "").strip()[:MOST_TEXT],
    )


def rows(
    traces: Iterable[StoredTrace], survey: LiveSurvey, wanted: Filter | None = None
) -> Iterator[Row]:
    """Return the traces that fit, but for the text, in the order given."""
    for stored in traces:
        facts = survey.facts(stored)
        if wanted is None or wanted.may_fit(stored, facts):
            yield Row(stored, facts)


def routes(contents: Contents, render: Render) -> list[BaseRoute]:
    """Return the routes of the list."""

    async def traces(request: Request) -> Response:
        wanted = filter_of(request.query_params)
        found: Iterable[Row] = rows(contents.store.newest_first(), contents.survey, wanted)
        if wanted.text:
            # Copies: the store goes on receiving while the thread searches.
            candidates = [(row, row.stored.services, [*row.stored.spans]) for row in found]
            found = await asyncio.to_thread(_with_text, candidates, wanted.text)
        return render(
            request,
            "traces",
            wanted=wanted,
            services=contents.store.services()[:MOST_CHOICES],
            routes=contents.survey.routes()[:MOST_CHOICES],
            shapes=SHAPES,
            recent=[*islice(found, LISTED)],
            listed=LISTED,
            watch="*",
        )

    return [Route("/traces", traces), Route("/traces/fragment", traces)]


def _with_text(
    candidates: Sequence[tuple[Row, list[str], list[tuple[Origin, bytes]]]], text: str
) -> list[Row]:
    """Return the first rows with the text in a span's name, a service or an attribute's value."""
    sought, found = text.encode(errors="replace"), []
    for row, services, spans in candidates:
        if (
            text.lower() == row.stored.id
            or any(text in service for service in services)
            or any(sought in data for _, data in spans)
        ):
            found.append(row)
            if len(found) == LISTED:
                break
    return found
