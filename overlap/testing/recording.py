"""`record()`: switch the instrumentation on for a test, and restore everything after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from opentelemetry.sdk.trace.export import BatchSpanProcessor

from overlap.instrument import setup
from overlap.instrument.django_settings import has_django
from overlap.testing.recorder import Recorder
from overlap.testing.span_memory import Memory
from overlap.testing.telemetry import InMemory, processors, redirected, without_global_providers
from overlap.testing.two_connections import TwoConnections

RECENT: list[Recorder] = []
"""The recorders of the current test, to draw if it fails. The plugin clears the list."""


@contextmanager
def record(*, blocked_threshold_s: float | None = None) -> Iterator[Recorder]:
    """Record every span of this process in memory during the block; nothing is sent.

    blocked_threshold_s: a callback that runs for longer, in seconds, blocks the loop (default:
        OVERLAP_BLOCKED_THRESHOLD_MS, or 0.1).
    """
    memory, connections = Memory(), TwoConnections()
    with ExitStack() as undo:
        undo.callback(memory.close)
        active = setup.active()
        was_on = active is not None
        if active is None:
            project_provider = undo.enter_context(without_global_providers())
            active = setup.switch_on(
                partial(InMemory, memory),
                blocked_threshold_s=blocked_threshold_s,
                drain_timeout_s=0.0,
                service_name=None,
                log_format=None,
                # Without lean, less of Django is replaced, and shapes are the same.
                lean=False,
                lens=True,
                django={},
            )
            undo.callback(setup.shutdown)
            # Code that got its tracer earlier, from a provider of the project.
            ours = processors(active.telemetry.tracer_provider)
            undo.enter_context(redirected(project_provider, ours))
        else:  # the project's asgi.py called instrument()
            provider = active.telemetry.tracer_provider
            others = [p for p in processors(provider) if not isinstance(p, BatchSpanProcessor)]
            undo.enter_context(redirected(provider, (*others, memory)))
        if has_django():
            from overlap.testing.handlers import follow_handlers, load_urlconf

            load_urlconf()
            undo.callback(follow_handlers(active.watched_loops.begin, leave_settings=not was_on))
            undo.callback(connections.start())
        recorder = Recorder(memory, active.watched_loops.mark_turn, connections)
        RECENT.append(recorder)
        yield recorder
