"""The queue of a batch processor, kept small: spans and records wait in it as bytes.

The SDK's span is some ninety Python objects. Where thousands of them wait in a queue, for a
batch or for as long as no backend answers, each full pass of the garbage collector visits all
of them, and every request waits for it. It does not visit bytes.
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
    """Queue what `pack` makes of an item in one of the SDK's batch processors.

    An item that can't be packed is queued as it is, and packed again when it is sent.
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
