"""Install and uninstall lean."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

from overlap.lean.supported_versions import unsupported_reason
from overlap.lean.thread_pool import IDLE_S, MAX_IDLE, Pool

_log = logging.getLogger("overlap.lean")


def install(*, idle_s: float = IDLE_S, max_idle: int = MAX_IDLE) -> Callable[[], None]:
    """Serve ASGI requests without needless threads. Return a function that uninstalls lean.

    With an unsupported version of Django or asgiref nothing is installed, and one warning says
    why. Requests in progress during the uninstall keep their thread until they end.

    idle_s: seconds after which an unused thread ends.
    max_idle: the most idle threads kept; it does not limit requests.
    """
    reason = unsupported_reason()
    if reason is not None:
        _log.warning("lean stays off: %s", reason)
        return lambda: None
    from django.core import signals
    from django.core.handlers import asgi

    from overlap.lean.asgi_handler import replace_handler
    from overlap.lean.gc_freeze import reduce_gc_work
    from overlap.lean.response_close import sync_to_async
    from overlap.lean.signal_receivers import RequestFinished, RequestStarted
    from overlap.lean.thread_context import RequestContext

    undone = ExitStack()
    undone.callback(replace_handler())
    pool = Pool(idle_s=idle_s, max_idle=max_idle)
    ours = {
        "ThreadSensitiveContext": partial(RequestContext, pool),
        "sync_to_async": sync_to_async,
        "signals": SimpleNamespace(
            **{
                **vars(signals),
                "request_started": RequestStarted(),
                "request_finished": RequestFinished(),
            }
        ),
    }
    stock = {name: getattr(asgi, name) for name in ours}
    for name, value in ours.items():
        setattr(asgi, name, value)
    undone.callback(reduce_gc_work())

    def undo() -> None:
        undone.close()
        for name, value in ours.items():
            if getattr(asgi, name) is value:  # otherwise someone has replaced it
                setattr(asgi, name, stock[name])
        pool.close()

    return undo
