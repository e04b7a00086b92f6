"""The terms that the scenarios' expectations are written in."""

from overlap.scenario import Request

CALL = 0.3
"""Seconds that a call of the upstream may take on a busy machine: these no time scale shortens."""
CALM = frozenset({"lost", "blocking"})
"""Shapes that no scenario shows but those about them."""


def neighbours(span_s: float, count: int = 3) -> tuple[Request, ...]:
    """GET / several times, spread over the middle of `span_s` seconds: who suffers?

    On a busy machine what is asked first may begin late, and what is asked after it, too: there
    is a quarter of the time before the first of them, and more after the last.
    """
    return tuple(
        Request("/", at=span_s * (0.25 + 0.3 * number / count), neighbour=True)
        for number in range(count)
    )
