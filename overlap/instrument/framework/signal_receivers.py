"""Receivers of Django's signals: how long each sync one took, and which run in a thread.

`Signal.send` and `asend` loop over the receivers that `_live_receivers` returns. It is given a
list that does what the loop does anyway and notices when the next receiver is asked for: so the
receivers themselves, which `send` returns with their responses, stay what they are. A signal
without receivers costs nothing.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap import names
from overlap.instrument.framework.amounts import add, amounts_of, children, recording_span
from overlap.instrument.framework.slow_parts import LEAST_S, SlowParts, record_span
from overlap.lens.current_account import CURRENT
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded

MOST_NAMED = 8
"""The most receivers in a thread that a span names."""
_SENDERS = ("send", "send_robust", "asend", "asend_robust")
"""Others only ask whether there are receivers."""
_LOOPS = ("send", "send_robust", "sync_send")
"""The functions that loop over the receivers to call them; `asend` has an inner one."""
_WHAT = "the receivers of a signal are not timed"
_parts = SlowParts(names.SPAN_RECEIVER, names.RECEIVERS_CALLS, names.RECEIVERS_MS)


class Receivers(list[Any]):
    """Sync receivers that are timed when they are looped over."""

    in_thread = False
    """Whether `asend` loops over them, in a thread."""

    def __iter__(self) -> Iterator[Any]:
        sends = sys._getframe(1).f_code.co_name in _LOOPS
        return self._timed() if sends else super().__iter__()

    def _timed(self) -> Iterator[Any]:
        if self.in_thread and asyncio._get_running_loop() is None:
            guarded(_WHAT, _note_thread, self)
        span = recording_span()
        if span is None:
            yield from super().__iter__()
            return
        calls, seconds = 0, 0.0
        try:
            for receiver in super().__iter__():
                if _parts.slow and (name := receiver_name(receiver)) in _parts.slow:
                    with _parts.part(name, partial(_attributes, receiver)):
                        yield receiver
                    continue
                before, began = children(span), perf_counter()
                try:
                    yield receiver
                finally:
                    took = perf_counter() - began
                    calls, seconds = calls + 1, seconds + took
                    if took >= LEAST_S:
                        guarded(_WHAT, _note_slow, receiver, span, before, took)
        finally:
            guarded(_WHAT, add, span, names.RECEIVERS_CALLS, names.RECEIVERS_MS, seconds, calls)


def instrument_signals() -> Callable[[], None]:
    """Time the receivers of every signal; return a function that undoes it."""
    from django.dispatch import Signal

    codes = [getattr(Signal, name).__code__ for name in _SENDERS]
    senders = {id(code) for code in codes}  # the hash of a code object is computed each time

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def live_receivers(self: Any, sender: Any) -> Any:
            found = stock(self, sender)
            if (
                found[0]
                and CURRENT.get().get(SPAN_KEY) is not None
                and id(sys._getframe(1).f_code) in senders
            ):
                return guarded(_WHAT, _timed, found) or found
            return found

        return live_receivers

    undo = replace_method(Signal, "_live_receivers", make)

    def stop() -> None:
        undo()
        codes.clear()  # kept until now, so that nothing else has their identity

    return stop


def _timed(found: Any) -> Any:
    sync, asynchronous = found
    if recording_span() is None:
        return None
    timed = Receivers(sync)
    timed.in_thread = asyncio._get_running_loop() is not None
    return timed, asynchronous


def _note_thread(receivers: Receivers) -> None:
    """Name the receivers on the span that waits for them."""
    span = recording_span()
    if span is None:
        return
    amounts = amounts_of(span)
    known: tuple[str, ...] = amounts.get(names.RECEIVERS_IN_THREAD, ())
    named = dict.fromkeys((*known, *map(receiver_name, list.__iter__(receivers))))
    amounts[names.RECEIVERS_IN_THREAD] = tuple(named)[:MOST_NAMED]


def _note_slow(receiver: Any, span: Any, before: int, seconds: float) -> None:
    _parts.note_slow(receiver_name(receiver))
    if children(span) == before:
        record_span(names.SPAN_RECEIVER, _attributes(receiver), seconds).end()


def receiver_name(receiver: Any) -> str:
    """Return the dotted name of a receiver: a function, a method, or an object that is called."""
    named = receiver if hasattr(receiver, "__qualname__") else type(receiver)
    return f"{named.__module__}.{named.__qualname__}"


def _attributes(receiver: Any) -> dict[str, str]:
    return {names.CODE_FUNCTION_NAME: receiver_name(receiver)}
