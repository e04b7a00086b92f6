"""The demo's simulated delays and faults, one constant for each.

Delays are the tutorial's seconds, multiplied by SMOKEHOUSE_TIME_SCALE.
"""

from app.settings import TIME_SCALE


def scaled(seconds: float) -> float:
    """Return the tutorial's seconds at the demo's time scale."""
    return seconds * TIME_SCALE


TICKS = 5
"""How far http_call_async and http_call_sync count before they call the upstream."""
TICK = scaled(1.0)
"""The delay before each number, as of a slow API."""
SMOKABLES_NAP = scaled(2.0)
"""The slow query for the meats."""
FLAVOR_NAP = scaled(1.0)
"""The query for the sauce: half as slow, and independent of the other."""
BURN = max(1.0, scaled(5.0))
"""oversmoke's sleep: on the event loop in burn_some_meats, awaited in its pair. At any scale it is
so long that its neighbours arrive and the watchdog can sample it, even on a busy machine."""

SMOKABLES = ["ribs", "brisket", "lemon chicken", "salmon", "bison sirloin", "sausage"]
FLAVORS = ["Sweet Baby Ray's", "Stubb's Original", "Famous Dave's"]

# --- the scenarios after the tutorial -------------------------------------------
LEAST = 0.4
"""Seconds that the scale does not shorten, for what needs time on any machine: a block longer
than the watchdog's threshold, a client that connects and disconnects."""
BASTE = LEAST + scaled(1.0)
"""A blocking call in an async view, as of an old sync library."""
CHOPS, CHOP = 3, 0.2 + scaled(0.4)
"""The number of blocking calls, and how long each takes."""
WOOD_NAP = scaled(0.4)
"""How long get_wood takes until it fails."""
PATIENCE = scaled(0.2)
"""The time limit of fails_timeout."""
CALL_NAP = scaled(0.3)
"""How long one of the ten calls takes."""
CALLS, AT_ONCE = 10, 5
"""The number of calls, and how many of them may run at once."""
LEAVES = LEAST + scaled(0.5)
"""When the client disconnects."""
ROAST = LEAVES + LEAST + scaled(1.0)
"""How long the order takes: the client has disconnected before it is ready."""

ERRANDS = 8
"""The number of calls in a row, with a client for each or one for all. One slow call on a busy
machine must not outweigh the cost of the clients."""
API_DELAY = 0.5 + scaled(1.5)
"""How long httpbin's /delay takes, as a slow API."""
API_PATIENCE = scaled(0.5)
"""The time limit for a call of it."""
API_STATUSES = (503, 503, 200)
"""What a failing API answers, call by call, through httpbin's /status."""
REFUSING_URL = "http://127.0.0.1:1/"
"""A URL where nothing listens: the connection is refused."""
BACK_OFFS = (scaled(0.2), scaled(0.4))
"""The pauses before the second and the third attempt."""

DISK_NAP = LEAST + scaled(1.0)
"""The delay before a file's first byte, as of a slow disk."""
PARTS, PART_NAP = 5, 0.05 + scaled(0.25)
"""The number of a stream's parts, and how long each takes."""
MAIL_NAP = max(0.8, scaled(1.0))
"""How long the mail server takes for a mail: neighbours arrive meanwhile, as with BURN."""
QUERY_NAP = 0.1 + scaled(0.3)
"""How long the database takes for one row of a slow query."""
ROUND_TRIP = 0.01
"""How long each query for a meat or its smoker takes, as to a database in another data center."""
QUERIES = 3
"""The number of slow queries that are gathered."""
SLICES, SLICE = 4, 0.05
"""Short blocking calls, as of a sync cache client: each takes half of what counts as a block. They
sleep, which uses no processor, so that three workers do three times as much on any machine."""
CUSTOMERS, CUSTOMERS_A_SECOND = 20, 4.9
"""How many come, and how many a second on average. One loop serves five a second at most."""
GRIND = LEAST + scaled(0.8)
"""Seconds of processor time to grind the pepper, which await can't shorten."""

SLOW_TICK = 0.5 + scaled(0.5)
"""TICK in the scenarios that kill the process."""
KILLED_AFTER = 2.4 * SLOW_TICK
"""When the counting process is killed: at its third number."""
SCRUB = scaled(0.5)
"""How long Django's own task takes; it ends long before that."""
SEASON_BACK_OFF = scaled(0.5)
"""The pause before a task is retried."""
BURN_DOWN = LEAST + scaled(0.3)
"""How long set_fire takes until it fails."""
WOOD_DELIVERY = LEAST + scaled(0.8)
"""When the roast would start; it is revoked before."""
CALLED_OFF = WOOD_DELIVERY / 2
PUT_OUT = 1.0 + scaled(0.5)
"""When a running roast is revoked: late enough to have started even on a busy machine."""
LONG_ROAST = 10 * PUT_OUT
"""How long a roast would take; it is always revoked earlier."""
BOOKINGS_KEPT = 20
"""How many bookings the cleaning keeps."""
