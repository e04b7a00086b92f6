"""The rows of the lines that blocked an event loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from overlap.survey.rows.units import seconds
from overlap.survey.totals.model import Culprit, Totals, Waited

Waits = list[tuple[Culprit, Waited]]
"""Each culprit, with how many requests waited for its blocks, and how long."""


@dataclass(slots=True)
class _Sum:
    """A line in all routes."""

    routes: set[str] = field(default_factory=set)
    blocks: int = 0
    ns: int = 0
    victims: int = 0
    waited_ns: int = 0
    example: str = ""


def waits(totals: Totals) -> Waits:
    """Return the waits for the blocks of each culprit."""
    found = {key: Waited() for key in totals.culprits}
    for block, waited in totals.waited.items():
        key = totals.blocks.get(block)
        if key in found:
            found[key].requests += waited.requests
            found[key].ns += waited.ns
    return [(totals.culprits[key], waited) for key, waited in found.items()]


def culprits(waited: Waits) -> list[dict[str, Any]]:
    """Return a row for each line that blocked the loop; first where others waited longest."""
    sums: dict[tuple[str, str, str], _Sum] = {}
    for one, waits in waited:
        found = sums.setdefault((one.service, one.line, one.kind), _Sum())
        found.routes.update([one.route] if one.route else [])
        found.blocks += one.blocks
        found.ns += one.ns
        found.victims += waits.requests
        found.waited_ns += waits.ns
        found.example = min(found.example or one.example, one.example)
    ordered = sorted(sums.items(), key=lambda item: (-item[1].waited_ns, -item[1].ns, item[0]))
    return [
        {
            "service": service,
            "culprit": line,
            "kind": kind,
            "routes": sorted(found.routes),
            "blocks": found.blocks,
            "held_s": seconds(found.ns),
            "victims": found.victims,
            "others_waited_s": seconds(found.waited_ns),
            "example": found.example,
        }
        for (service, line, kind), found in ordered
    ]
