"""A short way to write a span, in milliseconds after an odd start."""

from collections.abc import Callable
from typing import Any

import pytest

from overlap.trace import Event, Span

T0 = 1_700_000_000_000_000_003


def _span(
    span_id: str, start_ms: float, end_ms: float | None, parent_id: str | None = None, **fields: Any
) -> Span:
    def ns(ms: float) -> int:
        return T0 + round(ms * 1_000_000)

    return Span(
        trace_id="f" * 32,
        span_id=span_id,
        name=fields.pop("name", span_id),
        start_ns=ns(start_ms),
        end_ns=None if end_ms is None else ns(end_ms),
        parent_id=parent_id,
        service=fields.pop("service", "smokehouse"),
        events=tuple(Event(name, ns(ms)) for name, ms in fields.pop("events", ())),
        **fields,
    )


@pytest.fixture(scope="session")
def span() -> Callable[..., Span]:
    """Make a span: id, start and end in ms, parent's id, then Span's own fields."""
    return _span
