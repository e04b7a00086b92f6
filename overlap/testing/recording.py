"""`record()`: everything on for the length of a test, everything back after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from opentelemetry.sdk.trace.export import BatchSpanProcessor

from overlap.instrument import setup
from overlap.testing.recorder import Recorder
from overlap.testing.span_memory import Memory
from overlap.testing.telemetry import InMemory, diverted, globals_aside, processors

RECENT: list[Recorder] = []
"""Those of the test that runs, for the picture of its failure; the plugin clears it."""


@contextmanager
def record(*, blocked_threshold_s: float | None = None) -> Iterator[Recorder]:
    """Record every span of this process in memory while the block runs; nothing is sent.

    blocked_threshold_s: seconds for which the loop may stand (0.1, OVERLAP_BLOCKED_THRESHOLD_MS).
    """
    memory = Memory()
    with ExitStack() as undo:
        undo.callback(memory.close)
        active = setup.active()
        was_on = active is not None
        if active is None:
            foreign = undo.enter_context(globals_aside())
            active = setup.switch_on(
                partial(InMemory, memory),
                blocked_threshold_s=blocked_threshold_s,
                drain_timeout_s=0.0,
                service_name=None,
                log_format=None,
                # Stock Django: the shape is the same, and nothing more of it is replaced.
                lean=False,
                django={},
            )
            undo.callback(setup.shutdown)
            # What got its tracer before, from a provider of somebody else's.
            ours = processors(active.telemetry.tracer_provider)
            undo.enter_context(diverted(foreign, ours))
        else:  # the project's own asgi.py switched it on
            provider = active.telemetry.tracer_provider
            kept = [p for p in processors(provider) if not isinstance(p, BatchSpanProcessor)]
            undo.enter_context(diverted(provider, (*kept, memory)))
        if setup.has_django():
            from overlap.testing.handlers import follow_handlers

            undo.callback(follow_handlers(active.watched_loops.begin, leave_settings=not was_on))
        recorder = Recorder(memory, active.watched_loops.mark_turn)
        RECENT.append(recorder)
        yield recorder
