"""What delays the stop of a server, and so a reload: the requests that it still waits for.

uvicorn waits for every request without a limit, unless it has --timeout-graceful-shutdown; a
stream or a long poll may take for ever, and nothing says which.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from overlap.instrument.requests.server_span import IN_FLIGHT

AFTER_S: Final = 2.0
"""How long a stop may take before it is reported."""
MOST: Final = 3
"""Requests that are named."""
_log = logging.getLogger(__name__)


async def report_delay() -> None:
    """Report once, after AFTER_S, which requests are still in flight."""
    await asyncio.sleep(AFTER_S)
    if waiting := requests_in_flight():
        _log.warning(
            "the server's stop waits for %s; --timeout-graceful-shutdown limits that", waiting
        )


def requests_in_flight() -> str:
    """Return `GET /slow (12.3 s), GET /events (300.1 s) and 2 more`, the oldest first."""
    now = time.time_ns()
    oldest = sorted([*IN_FLIGHT.values()], key=lambda each: each.began_ns)
    named = [
        f"{getattr(each.span, 'name', 'a request')} ({(now - each.began_ns) / 1e9:.1f} s)"
        for each in oldest[:MOST]
    ]
    more = f" and {len(oldest) - MOST} more" if len(oldest) > MOST else ""
    return ", ".join(named) + more
