"""Spans of waiting for a connection of psycopg's pool."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from overlap import names
from overlap.instrument.framework.amounts import amounts_of, recording_span
from overlap.instrument.framework.slow_parts import LEAST_S, record_span
from overlap.instrument.recorded.pool_waits import observe_pool_waits
from overlap.runtime.await_chain import line_of, users_frame


def time_pools() -> Callable[[], None]:
    """Time each wait for a connection; return a function that undoes it."""
    return observe_pool_waits(_record)


def _record(pool: Any, _began: float, seconds: float, is_given_up: bool) -> None:
    span = recording_span()
    if span is None:
        return
    amounts = amounts_of(span)
    amounts[names.DB_POOL_WAIT_MS] = amounts.get(names.DB_POOL_WAIT_MS, 0.0) + seconds * 1000
    if seconds < LEAST_S:
        return
    attributes: dict[str, str | int | bool] = {
        names.WAIT_KIND: names.WAIT_FOR_POOL,
        names.WAIT_POOL: type(pool).__qualname__,
        names.WAIT_POOL_SIZE: pool.max_size,
    }
    if (frame := users_frame(_stack())) is not None:
        line = line_of(frame)
        attributes[names.CODE_FILE_PATH] = line.path
        attributes[names.CODE_LINE_NUMBER] = line.number
        attributes[names.CODE_FUNCTION_NAME] = line.function
    if is_given_up:
        attributes[names.WAIT_GIVEN_UP] = True
    record_span(names.SPAN_POOL_WAIT, attributes, seconds).end()


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
