"""A short way to write a span, in milliseconds after an odd start."""

from collections.abc import Callable
from typing import Any

import pytest

from overlap.trace import Span

T0 = 1_700_000_000_000_000_003


def _span(
    span_id: str,
    name: str,
    start_ms: float,
    end_ms: float | None,
    parent_id: str | None = None,
    **fields: Any,
) -> Span:
    return Span(
        trace_id=fields.pop("trace_id", "f" * 32),
        span_id=span_id,
        name=name,
        start_ns=T0 + round(start_ms * 1_000_000),
        end_ns=None if end_ms is None else T0 + round(end_ms * 1_000_000),
        parent_id=parent_id,
        service=fields.pop("service", "smokehouse"),
        **fields,
    )


@pytest.fixture(scope="session")
def span() -> Callable[..., Span]:
    """Make a span: id, name, start and end in ms, parent's id, then Span's own fields."""
    return _span
