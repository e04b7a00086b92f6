"""What held a request up, read from its span: which blocks, and how long each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from overlap import names
from overlap.trace.model import Span

MOST = 1000
"""Blocks that are read of one span."""
LONGEST_MS = 1e12
_BLOCK = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})([<+])([0-9]{1,12}(?:\.[0-9]{1,9})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class HeldUp:
    """One block that a request waited for."""

    trace_id: str
    span_id: str
    """Of the block."""
    ms: float
    """How long it waited; more than nothing."""
    at_most: bool
    """It waited no longer than that, maybe less."""


def held_up(span: Span) -> Iterator[HeldUp]:
    """What the span says of it in plain attributes; else what its links say."""
    told = span.attributes.get(names.VICTIM_BLOCKED_BY)
    if isinstance(told, str) and told:
        for each in told.split(" ", MOST)[:MOST]:
            if (found := _BLOCK.fullmatch(each)) and float(found[4]) > 0:
                yield HeldUp(found[1], found[2], float(found[4]), found[3] == "<")
        return
    for link in span.links:
        if link.attributes.get(names.LINK_KIND) == names.LINK_BLOCKED_BY:
            ms = link.attributes.get(names.VICTIM_DELAY_MS)
            if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 < ms < LONGEST_MS:
                continue
            at_most = link.attributes.get(names.VICTIM_AT_MOST) is True
            yield HeldUp(link.trace_id, link.span_id, float(ms), at_most)
