"""The time of requests on the event loop, by route: running, ready to run, and awaiting.

Seconds of the event loop's thread that a route used are what its requests ran: the route that
fills the loop has the largest share. The lens measures a limited number of requests a second; the
figures are those of the measured requests, multiplied by how many there were for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import ClassVar

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue

from overlap import names
from overlap.lens.account import Account

ROUTES = 200
"""Routes with series of their own; the others are counted together."""
OTHER = "other"
STATES = (names.LOOP_STATE_RUNNING, names.LOOP_STATE_READY, names.LOOP_STATE_AWAITING)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Steps for the share of measured requests: each value is a series that is kept for good."""


class Route:
    """The requests of one route since metrics were last collected, and the sums before that."""

    def __init__(self) -> None:
        self.requests = self.measured = 0
        self.seconds = [0.0, 0.0, 0.0]
        """Of the measured requests, in the order of STATES."""
        self.sums: dict[float, list[float]] = {}
        """Extrapolated seconds, by the share of requests that was measured."""
        self._factor = 1.0
        self._share = 1.0

    def add_late(self, running: float, ready: float) -> None:
        """Add a step that ran after its request had ended: of a background task, for example."""
        self.seconds[0] += running
        self.seconds[1] += max(0.0, ready)

    def extrapolate(self) -> None:
        """Move what was measured to the sums. Requests wait until one of them was measured."""
        if self.measured:
            self._factor = self.requests / self.measured
            self._share = _step(self.measured / self.requests)
            self.requests = self.measured = 0
        sums = self.sums.setdefault(self._share, [0.0, 0.0, 0.0])
        for state, seconds in enumerate(self.seconds):
            sums[state] += seconds * self._factor
        self.seconds = [0.0, 0.0, 0.0]


class RouteTime:
    """The counter `overlap.event_loop.time` of one process."""

    current: ClassVar[RouteTime | None] = None
    """The latest, for who counts what is no HTTP request; none if it is switched off."""

    def __init__(self, meter: Meter) -> None:
        RouteTime.current = self
        self._routes: dict[str | None, Route] = {}
        self._lock = Lock()
        meter.create_observable_counter(
            names.METRIC_LOOP_TIME,
            [self._observe],
            "s",
            "Time of requests on the event loop, by route and state.",
        )

    def count(self, route: str | None, account: Account | None, whole: float) -> None:
        """Count a request that has ended. `account`: None if it was not measured."""
        with self._lock:
            cell = self._routes.get(route) or self._new(route)
            cell.requests += 1
            if account is None:
                return
            cell.measured += 1
            running, ready = account.running, account.ready
            seconds = cell.seconds
            seconds[0] += running
            seconds[1] += ready
            seconds[2] += max(0.0, whole - running - ready)
            account.late = cell.add_late

    def count_span(self, route: str, span: Span) -> None:
        """Count a span that has ended as a request: a message of a WebSocket, for example."""
        start, end = (getattr(span, name, None) or 0 for name in ("start_time", "end_time"))
        self.count(route, getattr(span, "overlap_account", None), (end - start) / 1e9)

    def _new(self, route: str | None) -> Route:
        if len(self._routes) >= ROUTES:
            route = OTHER
        return self._routes.setdefault(route, Route())

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            found = []
            for name, route in self._routes.items():
                route.extrapolate()
                where: dict[str, AttributeValue] = {} if name is None else {names.HTTP_ROUTE: name}
                for share, sums in route.sums.items():
                    for state, seconds in zip(STATES, sums, strict=True):
                        labels = {**where, names.LOOP_STATE: state, names.LENS_SHARE: share}
                        found.append(Observation(seconds, labels))
            return found


def _step(share: float) -> float:
    """Return the step that is closest to a share, from below; the lowest for all below it."""
    return max((each for each in SHARES if each <= share), default=SHARES[0])
