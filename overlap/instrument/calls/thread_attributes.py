"""thread.id and thread.name on every span, which show work outside the loop's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.trace import Span, SpanProcessor

from overlap import names
from overlap.runtime.guard import failed


class ThreadAttributes(SpanProcessor):
    """Records the thread in which a span was started, unless it is set already."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set both attributes, unless thread.id is set."""
        try:
            attributes: Any = span._attributes  # by its dict: its own `in` costs an exception
            if names.THREAD_ID not in attributes._dict:
                # current_thread() costs a dict lookup; the native id is a number a debugger knows.
                thread = threading.current_thread()
                span.set_attributes(thread_attributes(thread))
        except Exception:
            failed("a span's thread is not recorded")


def thread_attributes(thread: threading.Thread) -> dict[str, str | int]:
    """Return the attributes that name a thread."""
    return {names.THREAD_ID: thread.native_id or 0, names.THREAD_NAME: thread.name}


def count_threads(meter: Meter) -> None:
    """Report the number of Python threads: one for each request, under stock Django."""

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(threading.active_count())

    meter.create_observable_gauge(names.METRIC_THREADS, [observe], "{thread}")
