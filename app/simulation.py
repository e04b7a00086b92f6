"""Every planted delay and fault of the demo, a named constant each.

Delays are in seconds, as the tutorial has them, times SMOKEHOUSE_TIME_SCALE.
"""

from app.settings import TIME_SCALE


def scaled(seconds: float) -> float:
    """Seconds as the tutorial has them, in the demo's time."""
    return seconds * TIME_SCALE


TICKS = 5
"""How far http_call_async and http_call_sync count before they call the upstream."""
TICK = scaled(1.0)
"""What passes before each number is counted: the slow part of somebody else's API."""
SMOKABLES_NAP = scaled(2.0)
"""A slow query: what meats are there?"""
FLAVOR_NAP = scaled(1.0)
"""A query half as slow, which needs nothing of the other: which sauce?"""
BURN = scaled(5.0)
"""oversmoke's sleep: on the event loop in burn_some_meats, awaited in its pair."""

SMOKABLES = ["ribs", "brisket", "lemon chicken", "salmon", "bison sirloin", "sausage"]
FLAVORS = ["Sweet Baby Ray's", "Stubb's Original", "Famous Dave's"]
