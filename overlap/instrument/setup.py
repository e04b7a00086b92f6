"""`instrument()` and `shutdown()`: switch everything on, and undo it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from overlap.instrument.django_settings import has_django, load_settings
from overlap.instrument.environment import flag, folder, optional_flag, project_name, seconds
from overlap.instrument.instrumentation import Instrumentation
from overlap.runtime.guard import guarded
from overlap.runtime.untested import warn_if_untested
from overlap.telemetry import Telemetry, start
from overlap.telemetry.export.own_exports import own_setup

BLOCKED_THRESHOLD_S = 0.1
"""As in asyncio's debug mode, from which a callback counts as slow."""
DRAIN_TIMEOUT_S = 8.0
"""With cancelled tasks and a flush, just under the ten seconds of `docker stop`."""

_log = logging.getLogger(__name__)
_lock = threading.RLock()
_active: Instrumentation | None = None
_starting_in: int | None = None
"""The thread that is switching it on: what that imports may call instrument() as well."""


def instrument(  # noqa: PLR0913  one argument a setting
    *,
    service_name: str | None = None,
    blocked_threshold_s: float | None = None,
    drain_timeout_s: float | None = None,
    journal_dir: str | os.PathLike[str] | None = None,
    recorder_dir: str | os.PathLike[str] | None = None,
    log_format: str | None = None,
    lean: bool | None = None,
    lens: bool | None = None,
    instrumentors: bool | None = None,
    server_timing: bool | None = None,
    **django: Any,
) -> None:
    """Switch everything on: call it in the ASGI module, before get_asgi_application().

    Called again, it does nothing.

    service_name: what the service is called, unless OTEL_SERVICE_NAME says; by default its
        settings package, or its folder if that is called `config`, `settings` or the like.
    blocked_threshold_s: seconds after which a callback counts as a block (0.1,
        OVERLAP_BLOCKED_THRESHOLD_MS).
    drain_timeout_s: seconds to wait for background tasks at shutdown
        (8, OVERLAP_DRAIN_TIMEOUT_S).
    journal_dir: a folder for a journal of background tasks in progress, from which the next
        process of the service reports those that were lost (none, OVERLAP_JOURNAL_DIR).
    recorder_dir: a folder for the flight recorder's ring of all requests, and for what it writes
        out when one is slow, lost or given up, or the loop is blocked (none,
        OVERLAP_RECORDER_DIR); see overlap.recorder.
    log_format: "json" or "console" (OVERLAP_LOG_FORMAT; by default console on a terminal).
    lean: whether Django under ASGI avoids needless threads (yes, OVERLAP_LEAN=0 or 1);
        see overlap.lean. Without it, Django behaves as stock.
    lens: whether spans record how long their tasks ran, were ready to run and waited (yes,
        OVERLAP_LENS=0 or 1), for at most 100 requests a second (OVERLAP_LENS_RATE); see
        overlap.lens.
    instrumentors: whether the OpenTelemetry instrumentations that are installed are switched on
        (yes, OVERLAP_INSTRUMENTORS=0 or 1), except those that
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS lists.
    server_timing: whether responses have the header Server-Timing, with where their time went
        (OVERLAP_SERVER_TIMING=0 or 1; by default if DEBUG is set).
    django: the options of DjangoInstrumentor.instrument: request_hook, excluded_urls, …
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        _log.warning("OTEL_SDK_DISABLED is true: Overlap is off, and nothing is traced")
        return
    if _starting_in == threading.get_ident():
        return
    warn_if_untested()
    # Each instrumentation reads this variable once, when it is imported: by the settings, perhaps.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    if _active is None and has_django():
        load_settings()
    switch_on(
        start,
        service_name=service_name or project_name(),
        log_format=log_format,
        blocked_threshold_s=blocked_threshold_s,
        drain_timeout_s=drain_timeout_s,
        journal_dir=folder(journal_dir, "OVERLAP_JOURNAL_DIR"),
        recorder_dir=folder(recorder_dir, "OVERLAP_RECORDER_DIR"),
        lean=flag(lean, "OVERLAP_LEAN", True),
        lens=flag(lens, "OVERLAP_LENS", True),
        instrumentors=flag(instrumentors, "OVERLAP_INSTRUMENTORS", True),
        server_timing=optional_flag(server_timing, "OVERLAP_SERVER_TIMING"),
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
            with own_setup(), _starting():
                _active = Instrumentation(
                    blocked_threshold_s=seconds(
                        blocked_threshold_s,
                        "OVERLAP_BLOCKED_THRESHOLD_MS",
                        1000,
                        BLOCKED_THRESHOLD_S,
                    ),
                    drain_timeout_s=seconds(
                        drain_timeout_s, "OVERLAP_DRAIN_TIMEOUT_S", 1, DRAIN_TIMEOUT_S
                    ),
                    start_telemetry=start_telemetry,
                    shutdown=shutdown,
                    **settings,
                )
            atexit.register(shutdown)
        return _active


@contextmanager
def _starting() -> Iterator[None]:
    global _starting_in  # noqa: PLW0603
    _starting_in = threading.get_ident()
    try:
        yield
    finally:
        _starting_in = None


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
        # At the end of a process nobody is there to catch what it raises.
        guarded("shutdown() did not undo everything", was_on.close)
