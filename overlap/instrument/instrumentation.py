"""`Instrumentation`: everything that `instrument()` switches on, in order, and its undoing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from overlap.instrument.django_settings import has_django, warn_of_late_settings
from overlap.instrument.environment import has_capacity_metrics, seconds
from overlap.runtime.guard import guarded
from overlap.telemetry import Telemetry, start


class Instrumentation:
    """What instrument() switched on. `close` undoes it in reverse order."""

    def __init__(  # noqa: PLR0913  one argument a setting
        self,
        *,
        service_name: str | None,
        log_format: str | None,
        blocked_threshold_s: float,
        drain_timeout_s: float,
        lean: bool,
        django: dict[str, Any],
        shutdown: Callable[[], None],
        lens: bool = False,
        instrumentors: bool = False,
        server_timing: bool | None = False,
        journal_dir: Path | None = None,
        recorder_dir: Path | None = None,
        start_telemetry: Callable[..., Telemetry] = start,
    ) -> None:
        # Before any instrumentation is imported: each reads this variable once.
        os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        from overlap.instrument.calls.httpx_client import instrument_httpx
        from overlap.instrument.calls.installed_instrumentors import instrument_installed
        from overlap.instrument.calls.pools import report_pools
        from overlap.instrument.calls.project_instrumentors import observe_project
        from overlap.instrument.calls.thread_attributes import ThreadAttributes, count_threads
        from overlap.instrument.framework.amounts import Amounts
        from overlap.instrument.loop.utilization import report_utilization
        from overlap.instrument.loop.watched_loops import WatchedLoops
        from overlap.instrument.process.endings import Endings
        from overlap.instrument.queues.install import instrument_queues
        from overlap.instrument.tasks.cancelled_spans import CancelledSpans
        from overlap.instrument.websockets.install import instrument_websockets
        from overlap.lens import Lenses, processors

        self._undo = ExitStack()
        try:
            self._add("calls in threads", _record_calls, recorder_dir)  # the lens stands on it
            self.telemetry: Telemetry = start_telemetry(
                service_name=service_name,
                log_format=log_format,
                span_processors=[
                    ThreadAttributes(),
                    CancelledSpans(),
                    *([Amounts()] if has_django() else ()),
                    *(processors() if lens else ()),
                ],
            )
            self._undo.callback(self.telemetry.shutdown)
            meter = self.telemetry.meter_provider.get_meter
            self._add("threads", lambda: count_threads(meter("overlap.instrument.threads")))
            if has_capacity_metrics():
                self._add("connection pools", report_pools, meter)
            self._endings = Endings(drain_timeout_s, self.telemetry.flush, shutdown)
            if journal_dir is not None:
                from overlap.instrument.tasks.process_journal import start_journal

                journal = partial(start_journal, journal_dir, self.telemetry.tracer_provider)
                self._add("the journal", journal)
            self._record(recorder_dir)
            self._undo.callback(_finish_all)
            self.watched_loops = WatchedLoops(
                blocked_threshold_s, lenses=Lenses(_lens_rate()) if lens else None
            )
            self._undo.callback(self.watched_loops.stop)
            if has_capacity_metrics():
                shares = self.watched_loops.shares
                self._add(
                    "the loop's utilization",
                    lambda: report_utilization(meter("overlap.instrument.loop"), shares),
                )
            # uvicorn imports the application inside its running loop; other servers do not.
            self.watched_loops.watch_running()
            self._add("ends", self._endings.install, self.watched_loops.loop_started)
            self._add("WebSockets", instrument_websockets, self.watched_loops.watch_running)
            self._add("the project's instrumentations", observe_project)
            self._add("httpx", instrument_httpx)
            self._add("task queues", instrument_queues, shutdown)
            if instrumentors:
                self._add("installed instrumentations", instrument_installed)
            self._switch_on_django(django, server_timing, shutdown, lean=lean)
        except BaseException:
            self._undo.close()
            raise

    def _add(self, what: str, switch_on: Callable[..., Any], *arguments: Any) -> None:
        """Switch a part on, which returns its undoing. Where it fails, the rest goes on."""
        undo = guarded(f"{what}: not switched on", switch_on, *arguments)
        if undo is not None:
            self._undo.callback(undo)

    def close(self) -> None:
        """Switch everything off and flush, within a few seconds even if the backend is down."""
        self._undo.close()

    def _record(self, folder: Path | None) -> None:
        if folder is None:
            return
        from overlap.instrument.recorded.start import start_recorder

        self._add("the recorder", start_recorder, folder, self.telemetry.tracer_provider)
        if has_django():
            from overlap.instrument.recorded.connections import record_connections

            self._add("connections in the recorder", record_connections)

    def _switch_on_django(
        self,
        options: dict[str, Any],
        server_timing: bool | None,
        shutdown: Callable[[], None],
        *,
        lean: bool,
    ) -> None:
        from overlap.instrument.process.management_command import trace_management_commands

        if not has_django():
            self._add("late settings", warn_of_late_settings)
            return
        from overlap.lean import install, reduce_gc_work, replace_handler

        # Before anything else wraps the handler.
        self._add("lean", replace_handler)
        self._add("management commands", trace_management_commands, shutdown)
        self._instrument_django(options, server_timing)
        # Both even with lean off: each request leaves a reference cycle, which would keep our spans
        # alive, and the modules we load would make each collection longer.
        self._add("lean", install if lean else reduce_gc_work)

    def _instrument_django(self, options: dict[str, Any], server_timing: bool | None) -> None:
        from overlap.instrument.calls.database_queries import instrument_queries
        from overlap.instrument.framework.install import instrument_framework
        from overlap.instrument.requests.django_instrumentor import instrument_django
        from overlap.instrument.requests.naming.graphql_operations import name_graphql_operations

        django = partial(
            instrument_django,
            on_load=self.telemetry.logging.attach,
            on_request=self.watched_loops.watch_running,
            server_timing=server_timing,
            **options,
        )
        self._add("requests", django)
        self._add("queries", instrument_queries)
        self._add("names of GraphQL operations", name_graphql_operations)
        self._add("parts of Django", instrument_framework)


def _record_calls(folder: Path | None) -> Callable[[], None] | None:
    if folder is None:
        return None
    from overlap.instrument.recorded.calls import record_calls

    return record_calls()


def _lens_rate() -> float:
    from overlap.lens.request_budget import MOST_A_SECOND

    return seconds(None, "OVERLAP_LENS_RATE", 1, MOST_A_SECOND)


def _finish_all() -> None:
    from overlap.instrument.requests.server_span import stop_all
    from overlap.instrument.tasks.drain import report_lost

    stop_all()
    report_lost()
