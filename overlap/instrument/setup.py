"""`instrument()` and `shutdown()`: switch everything on, and undo it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from overlap.instrument.environment import flag, folder, seconds
from overlap.runtime.untested import warn_if_untested
from overlap.telemetry import Telemetry, start

BLOCKED_THRESHOLD_S = 0.1
"""As in asyncio's debug mode, from which a callback counts as slow."""
DRAIN_TIMEOUT_S = 8.0
"""With cancelled tasks and a flush, just under the ten seconds of `docker stop`."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_active: Instrumentation | None = None


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
        lens: bool = False,
        instrumentors: bool = False,
        journal_dir: Path | None = None,
        start_telemetry: Callable[..., Telemetry] = start,
    ) -> None:
        # Before any instrumentation is imported: each reads this variable once.
        os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        from overlap.instrument.calls.celery_tasks import instrument_celery
        from overlap.instrument.calls.httpx_client import instrument_httpx
        from overlap.instrument.calls.installed_instrumentors import (
            instrument_installed,
            is_disabled,
        )
        from overlap.instrument.calls.thread_attributes import ThreadAttributes, count_threads
        from overlap.instrument.loop.watched_loops import WatchedLoops
        from overlap.instrument.process.endings import Endings
        from overlap.instrument.tasks.cancelled_spans import CancelledSpans
        from overlap.instrument.websockets.install import instrument_websockets
        from overlap.lens import Lenses, processors

        self._undo = ExitStack()
        self.telemetry: Telemetry = start_telemetry(
            service_name=service_name,
            log_format=log_format,
            span_processors=[ThreadAttributes(), CancelledSpans(), *(processors() if lens else ())],
        )
        self._undo.callback(self.telemetry.shutdown)
        count_threads(self.telemetry.meter_provider.get_meter("overlap.instrument.threads"))
        self._endings = Endings(drain_timeout_s, self.telemetry.flush, shutdown)
        if journal_dir is not None:
            from overlap.instrument.tasks.process_journal import start_journal

            self._undo.callback(start_journal(journal_dir, self.telemetry.tracer_provider))
        self._undo.callback(_finish_all)
        self.watched_loops = WatchedLoops(
            blocked_threshold_s, lenses=Lenses(_lens_rate()) if lens else None
        )
        self._undo.callback(self.watched_loops.stop)
        # uvicorn imports the application inside its running loop; other servers do not.
        self.watched_loops.watch_running()
        self._undo.callback(self._endings.install(self.watched_loops.loop_started))
        self._undo.callback(instrument_websockets(self.watched_loops.watch_running))
        if not is_disabled("httpx"):
            self._undo.callback(instrument_httpx())
        if not is_disabled("celery"):
            self._undo.callback(instrument_celery())
        if instrumentors:
            self._undo.callback(instrument_installed())
        if has_django():
            from overlap.lean import install, reduce_gc_work, replace_handler

            # Before anything else wraps the handler.
            self._undo.callback(replace_handler())
            self._instrument_django(django)
            # Both even with lean off: each request leaves a reference cycle, which would keep our
            # spans alive, and the modules we load would make each collection longer.
            self._undo.callback(install() if lean else reduce_gc_work())

    def close(self) -> None:
        """Switch everything off and flush, within a few seconds even if the backend is down."""
        self._undo.close()

    def _instrument_django(self, options: dict[str, Any]) -> None:
        from overlap.instrument.calls.database_queries import instrument_queries
        from overlap.instrument.requests.django_instrumentor import instrument_django

        self._undo.callback(self._endings.install_lifespan(self.watched_loops.watch_running))
        self._undo.callback(
            instrument_django(
                on_load=self.telemetry.logging.attach,
                on_request=self.watched_loops.watch_running,
                **options,
            )
        )
        self._undo.callback(instrument_queries())


def instrument(  # noqa: PLR0913  one argument a setting
    *,
    service_name: str | None = None,
    blocked_threshold_s: float | None = None,
    drain_timeout_s: float | None = None,
    journal_dir: str | os.PathLike[str] | None = None,
    log_format: str | None = None,
    lean: bool | None = None,
    lens: bool | None = None,
    instrumentors: bool | None = None,
    **django: Any,
) -> None:
    """Switch everything on: call it in the ASGI module, before get_asgi_application().

    Called again, it does nothing.

    service_name: what the service is called, unless OTEL_SERVICE_NAME says.
    blocked_threshold_s: seconds after which a callback counts as a block (0.1,
        OVERLAP_BLOCKED_THRESHOLD_MS).
    drain_timeout_s: seconds to wait for background tasks at shutdown
        (8, OVERLAP_DRAIN_TIMEOUT_S).
    journal_dir: a folder for a journal of background tasks in progress, from which the next
        process of the service reports those that were lost (none, OVERLAP_JOURNAL_DIR).
    log_format: "json" or "console" (OVERLAP_LOG_FORMAT; by default console on a terminal).
    lean: whether Django under ASGI avoids needless threads (yes, OVERLAP_LEAN=0 or 1);
        see overlap.lean. Without it, Django behaves as stock.
    lens: whether spans record how long their tasks ran, were ready to run and waited (yes,
        OVERLAP_LENS=0 or 1), for at most 100 requests a second (OVERLAP_LENS_RATE); see
        overlap.lens.
    instrumentors: whether the OpenTelemetry instrumentations that are installed are switched on
        (yes, OVERLAP_INSTRUMENTORS=0 or 1), except those that
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS lists.
    django: the options of DjangoInstrumentor.instrument: request_hook, excluded_urls, …
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        _log.warning("OTEL_SDK_DISABLED is true: Overlap is off, and nothing is traced")
        return
    warn_if_untested()
    switch_on(
        start,
        service_name=service_name,
        log_format=log_format,
        blocked_threshold_s=blocked_threshold_s,
        drain_timeout_s=drain_timeout_s,
        journal_dir=folder(journal_dir, "OVERLAP_JOURNAL_DIR"),
        lean=flag(lean, "OVERLAP_LEAN", True),
        lens=flag(lens, "OVERLAP_LENS", True),
        instrumentors=flag(instrumentors, "OVERLAP_INSTRUMENTORS", True),
        django=django,
    )


def switch_on(
    start_telemetry: Callable[..., Telemetry],
    *,
    blocked_threshold_s: float | None = None,
    drain_timeout_s: float | None = None,
    **settings: Any,
) -> Instrumentation:
    """Switch everything on with this telemetry, unless something is on; return what is on."""
    global _active  # noqa: PLW0603  one instrument a process
    with _lock:
        if _active is None:
            _active = Instrumentation(
                blocked_threshold_s=seconds(
                    blocked_threshold_s, "OVERLAP_BLOCKED_THRESHOLD_MS", 1000, BLOCKED_THRESHOLD_S
                ),
                drain_timeout_s=seconds(
                    drain_timeout_s, "OVERLAP_DRAIN_TIMEOUT_S", 1, DRAIN_TIMEOUT_S
                ),
                start_telemetry=start_telemetry,
                **settings,
            )
            atexit.register(shutdown)
        return _active


def active() -> Instrumentation | None:
    """Return what is switched on, if anything is."""
    return _active


def shutdown() -> None:
    """Flush, and undo everything. Do nothing if nothing is switched on."""
    global _active
    with _lock:
        if _active is None:
            return
        was_on, _active = _active, None
        atexit.unregister(shutdown)
        was_on.close()


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
