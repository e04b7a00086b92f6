"""The queue of a batch processor, kept small: what waits there waits as bytes.

A span as the SDK makes it is some ninety objects of Python's. Thousands of them in a queue,
for a batch's time or for as long as no backend answers, are gone through by each full pass of
the garbage collector, with every request waiting meanwhile. Bytes are none of its business.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.environment_variables import OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED

from overlap.telemetry.drops import LOGGER_NAME
from overlap.telemetry.export.encoding import Packed

_log = logging.getLogger(LOGGER_NAME)


def pack_early(batch: Any, pack: Callable[[Any], Packed]) -> None:
    """Have a batch processor of the SDK queue what `pack` makes of an item.

    An item that can't be packed is queued as it is, and left to the SDK.
    """
    if os.environ.get(OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED, "").strip().lower() == "true":
        return  # the SDK must see its own exports to count them
    inner = batch._batch_processor
    queue = inner.emit

    def emit(item: Any) -> None:
        try:
            item = pack(item)
        except Exception:
            _log.debug("an item is left to the SDK to encode", exc_info=True)
        queue(item)

    inner.emit = emit
