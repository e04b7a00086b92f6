"""Constants and helpers that several scenario modules share."""

from overlap.scenario import Request

CALL = 0.3
"""Seconds that a call of the upstream may take on a busy machine, at any time scale."""
CALM = frozenset({"lost", "blocking"})
"""Shapes that a scenario must not show unless it is about them."""


def neighbours(span_s: float, count: int = 3) -> tuple[Request, ...]:
    """Return several requests of GET /, spread over the middle of `span_s` seconds.

    They show who is delayed. On a busy machine a request may start late, so there is a quarter of
    the time before the first of them, and more after the last.
    """
    return tuple(
        Request("/", at=span_s * (0.25 + 0.3 * number / count), neighbour=True)
        for number in range(count)
    )
