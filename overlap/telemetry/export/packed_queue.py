"""Queue spans and log records as bytes, so that the queue costs the garbage collector nothing.

A span of the SDK consists of about ninety Python objects. If thousands of them are queued, for a
batch or while no backend answers, each full garbage collection traverses all of them and delays
every request. Bytes are not traversed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from overlap.telemetry.drops import LOGGER_NAME
from overlap.telemetry.export.encoding import Packed
from overlap.telemetry.export.own_exports import own_export

_log = logging.getLogger(LOGGER_NAME)


def pack_early(batch: Any, pack: Callable[[Any], Packed], on_full: Callable[[], None]) -> None:
    """Make one of the SDK's batch processors queue each item as `pack` returns it.

    An item that can't be packed is queued unchanged, and packing is retried when it is sent.
    `on_full` is called for each item that a full queue drops.
    """
    inner = batch._batch_processor
    queue = inner.emit

    def emit(item: Any) -> None:
        try:
            item = pack(item)
        except Exception:
            _log.debug("an item is packed later", exc_info=True)
        if len(inner._queue) < inner._max_queue_size:
            queue(item)
            return
        on_full()
        with own_export():  # the SDK logs each item that it drops
            queue(item)

    inner.emit = emit
