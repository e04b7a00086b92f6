"""`Instrumentation`: everything that `instrument()` switches on, in order, and its undoing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from overlap.instrument.environment import has_capacity_metrics, seconds
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
        from overlap.instrument.process.management_command import trace_management_commands
        from overlap.instrument.queues.install import instrument_queues
        from overlap.instrument.tasks.cancelled_spans import CancelledSpans
        from overlap.instrument.websockets.install import instrument_websockets
        from overlap.lens import Lenses, processors

        self._undo = ExitStack()
        self._undo.callback(_record_calls(recorder_dir))  # the lens stands on it
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
        count_threads(meter("overlap.instrument.threads"))
        if has_capacity_metrics():
            self._undo.callback(report_pools(meter))
        self._endings = Endings(drain_timeout_s, self.telemetry.flush, shutdown)
        if journal_dir is not None:
            from overlap.instrument.tasks.process_journal import start_journal

            self._undo.callback(start_journal(journal_dir, self.telemetry.tracer_provider))
        self._record(recorder_dir)
        self._undo.callback(_finish_all)
        self.watched_loops = WatchedLoops(
            blocked_threshold_s, lenses=Lenses(_lens_rate()) if lens else None
        )
        self._undo.callback(self.watched_loops.stop)
        if has_capacity_metrics():
            report_utilization(meter("overlap.instrument.loop"), self.watched_loops.shares)
        # uvicorn imports the application inside its running loop; other servers do not.
        self.watched_loops.watch_running()
        self._undo.callback(self._endings.install(self.watched_loops.loop_started))
        self._undo.callback(instrument_websockets(self.watched_loops.watch_running))
        self._undo.callback(observe_project())
        self._undo.callback(instrument_httpx())
        self._undo.callback(instrument_queues(shutdown))
        if instrumentors:
            self._undo.callback(instrument_installed())
        if has_django():
            from overlap.lean import install, reduce_gc_work, replace_handler

            # Before anything else wraps the handler.
            self._undo.callback(replace_handler())
            self._undo.callback(trace_management_commands(shutdown))
            self._instrument_django(django, server_timing)
            # Both even with lean off: each request leaves a reference cycle, which would keep our
            # spans alive, and the modules we load would make each collection longer.
            self._undo.callback(install() if lean else reduce_gc_work())

    def close(self) -> None:
        """Switch everything off and flush, within a few seconds even if the backend is down."""
        self._undo.close()

    def _record(self, folder: Path | None) -> None:
        if folder is None:
            return
        from overlap.instrument.recorded.start import start_recorder

        self._undo.callback(start_recorder(folder, self.telemetry.tracer_provider))
        if has_django():
            from overlap.instrument.recorded.connections import record_connections

            self._undo.callback(record_connections())

    def _instrument_django(self, options: dict[str, Any], server_timing: bool | None) -> None:
        from overlap.instrument.calls.database_queries import instrument_queries
        from overlap.instrument.framework.install import instrument_framework
        from overlap.instrument.requests.django_instrumentor import instrument_django
        from overlap.instrument.requests.naming.graphql_operations import name_graphql_operations

        self._undo.callback(
            instrument_django(
                on_load=self.telemetry.logging.attach,
                on_request=self.watched_loops.watch_running,
                server_timing=server_timing,
                **options,
            )
        )
        self._undo.callback(instrument_queries())
        self._undo.callback(name_graphql_operations())
        self._undo.callback(instrument_framework())


def _record_calls(folder: Path | None) -> Callable[[], None]:
    if folder is None:
        return lambda: None
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


def has_django() -> bool:
    """Return whether this process belongs to a Django project: settings are configured or named."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        return True
    from django.conf import settings

    return bool(settings.configured)
