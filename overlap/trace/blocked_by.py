"""Which event loop blocks delayed a request, and for how long: read from its span."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from overlap import names
from overlap.trace.model import Span

MOST = 1000
"""The most blocks read from one span."""
LONGEST_MS = 1e12
_BLOCK = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})([<+])([0-9]{1,12}(?:\.[0-9]{1,9})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Delay:
    """One block of the event loop that delayed a request."""

    trace_id: str
    span_id: str
    """The block's own span."""
    ms: float
    """How long the request waited; greater than zero."""
    at_most: bool
    """Whether `ms` is an upper bound."""


def delays(span: Span) -> Iterator[Delay]:
    """Return the delays in the span's attributes, or where it has none, in its links."""
    listed = span.attributes.get(names.VICTIM_BLOCKED_BY)
    if isinstance(listed, str) and listed:
        for each in listed.split(" ", MOST)[:MOST]:
            if (found := _BLOCK.fullmatch(each)) and float(found[4]) > 0:
                yield Delay(found[1], found[2], float(found[4]), found[3] == "<")
        return
    for link in span.links:
        if link.attributes.get(names.LINK_KIND) == names.LINK_BLOCKED_BY:
            ms = link.attributes.get(names.VICTIM_DELAY_MS)
            if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 < ms < LONGEST_MS:
                continue
            at_most = link.attributes.get(names.VICTIM_AT_MOST) is True
            yield Delay(link.trace_id, link.span_id, float(ms), at_most)
