"""Lean on, and lean off again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

from overlap.lean.known_versions import objection
from overlap.lean.thread_pool import IDLE_S, MAX_IDLE, Pool

_log = logging.getLogger("overlap.lean")


def install(*, idle_s: float = IDLE_S, max_idle: int = MAX_IDLE) -> Callable[[], None]:
    """Serve requests under ASGI without needless threads; gives back a function that undoes it.

    With a Django or an asgiref that is not known, nothing happens and the log says so, once.
    Requests under way at an undo keep their thread until their end.

    idle_s: seconds after which a thread that no request borrowed goes.
    max_idle: threads kept at most for requests to come; it limits no request.
    """
    reason = objection()
    if reason is not None:
        _log.warning("lean stays off: %s", reason)
        return lambda: None
    from django.core import signals
    from django.core.handlers import asgi

    from overlap.lean.asgi_handler import serve_lightly
    from overlap.lean.gc_freeze import spare_collector
    from overlap.lean.response_close import sync_to_async
    from overlap.lean.signal_receivers import Finished, Started
    from overlap.lean.thread_context import RequestContext

    undone = ExitStack()
    undone.callback(serve_lightly())
    pool = Pool(idle_s=idle_s, max_idle=max_idle)
    ours = {
        "ThreadSensitiveContext": partial(RequestContext, pool),
        "sync_to_async": sync_to_async,
        "signals": SimpleNamespace(
            **{**vars(signals), "request_started": Started(), "request_finished": Finished()}
        ),
    }
    stock = {name: getattr(asgi, name) for name in ours}
    for name, value in ours.items():
        setattr(asgi, name, value)
    undone.callback(spare_collector())

    def undo() -> None:
        undone.close()
        for name, value in ours.items():
            if getattr(asgi, name) is value:  # else someone has put theirs in its place
                setattr(asgi, name, stock[name])
        pool.close()

    return undo
