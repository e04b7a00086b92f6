"""The terms that the lessons' expectations are written in."""

from overlap.scenario import Request

CALL = 0.3
"""Seconds that a call of the upstream may take on a busy machine: these no time scale shortens."""
CALM = frozenset({"lost", "blocking"})
"""Shapes that no lesson shows but those about them."""


def neighbours(span_s: float, count: int = 3) -> tuple[Request, ...]:
    """GET / several times, spread over the first part of `span_s` seconds: who suffers?"""
    return tuple(
        Request("/", at=span_s * (number + 1) / 10, neighbour=True) for number in range(count)
    )
