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
BURN = max(1.0, scaled(5.0))
"""oversmoke's sleep: on the event loop in burn_some_meats, awaited in its pair. At any scale so
long that its neighbours come meanwhile, and the watchdog gets to look, on a busy machine too."""

SMOKABLES = ["ribs", "brisket", "lemon chicken", "salmon", "bison sirloin", "sausage"]
FLAVORS = ["Sweet Baby Ray's", "Stubb's Original", "Famous Dave's"]

# --- the scenarios after the tutorial -------------------------------------------
LEAST = 0.4
"""Seconds that no scale shortens, where something must be seen that takes its time on any
machine: a block longer than the watchdog's threshold, a client that connects and leaves."""
BASTE = LEAST + scaled(1.0)
"""A blocking call in the middle of an async view: an old library that knows no await."""
CHOPS, CHOP = 3, 0.2 + scaled(0.4)
"""Three calls of something that blocks, and what each takes."""
WOOD_NAP = scaled(0.4)
"""After this long the wood turns out to be sold out: the branch that fails."""
PATIENCE = scaled(0.2)
"""How long a customer waits for an answer before something else must do."""
CALL_NAP = scaled(0.3)
"""One of ten calls of somebody else's API."""
CALLS, AT_ONCE = 10, 5
"""How many calls there are to make, and how many of them that API takes at once."""
LEAVES = LEAST + scaled(0.5)
"""When the customer goes away."""
ROAST = LEAVES + LEAST + scaled(1.0)
"""What was ordered is ready only after that."""

ERRANDS = 8
"""Calls of one API in a row, by a client each or by one for all: so many that one which is slow
on a busy machine does not make up for what a client costs."""
API_DELAY = 0.5 + scaled(1.5)
"""What httpbin's /delay takes: an API on a slow day."""
API_PATIENCE = scaled(0.5)
"""The time limit of a call of it."""
API_STATUSES = (503, 503, 200)
"""What an unwell API answers, call by call: httpbin's /status says so when asked."""
REFUSING_URL = "http://127.0.0.1:1/"
"""Where nobody listens: the connection is refused."""
BACK_OFFS = (scaled(0.2), scaled(0.4))
"""How long to wait before the second try, and before the third."""

DISK_NAP = LEAST + scaled(1.0)
"""A slow disk: what passes before a file's first byte."""
PARTS, PART_NAP = 5, 0.05 + scaled(0.25)
"""A stream's parts, and what each takes to make."""
MAIL_NAP = max(0.8, scaled(1.0))
"""What the mail server takes over a mail: neighbours come meanwhile, as with BURN."""
QUERY_NAP = 0.1 + scaled(0.3)
"""What the database takes over one row of a slow query."""
QUERIES = 3
"""Slow queries that are gathered."""
GRIND = LEAST + scaled(0.8)
"""Processor seconds that grinding the pepper takes: no await makes these less."""

SLOW_TICK = 0.5 + scaled(0.5)
"""The count's, where it is cut off in the middle."""
KILLED_AFTER = 2.4 * SLOW_TICK
"""When the process that counts is killed: at its third number."""
SCRUB = scaled(0.5)
"""What Django's own task takes, long before that."""
SEASON_BACK_OFF = scaled(0.5)
"""How long a task waits before it is tried again."""
BURN_DOWN = LEAST + scaled(0.3)
"""How long it takes until the smoker is on fire: the task that fails."""
WOOD_DELIVERY = LEAST + scaled(0.8)
"""When the roast could begin; it is called off before."""
CALLED_OFF = WOOD_DELIVERY / 2
PUT_OUT = 1.0 + scaled(0.5)
"""When a roast is called off in the middle: on a busy machine, too, it has begun by then."""
LONG_ROAST = 10 * PUT_OUT
"""A roast that nobody waits for to its end."""
BOOKINGS_KEPT = 20
"""How many bookings are left when the database is cleaned."""
