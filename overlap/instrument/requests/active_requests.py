"""How many requests are under way: counted here, and asked for when metrics are collected.

The SDK's up-down counter takes as long for two steps as a span takes to begin; what is sent
is the same sum, without exemplars, which mean nothing for a count that goes up and down.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Meter, Observation, UpDownCounter
from opentelemetry.sdk.metrics import UpDownCounter as SdkUpDownCounter
from opentelemetry.util.types import Attributes

_KEPT = 1000
"""Sets of attributes that are known again by identity; of others it is asked what is in them."""


class ActiveRequests(UpDownCounter):
    """Stands for `stock`, an up-down counter of the SDK that nobody has used yet.

    Every set of attributes stays for good, so these must be few: method and scheme are.
    """

    def __init__(self, meter: Meter, stock: Any) -> None:  # the base's does nothing
        self._lock = threading.Lock()
        self._counts: dict[tuple[Any, ...], list[Any]] = {}
        """By the attributes as a key: the count, and the attributes."""
        self._known: dict[int, tuple[Attributes, list[Any]]] = {}
        """The same by the identity of attributes, which are held for that."""
        meter.create_observable_up_down_counter(
            stock.name, [self._observe], stock.unit, stock.description
        )

    def add(
        self,
        amount: int | float,
        attributes: Attributes = None,
        context: Context | None = None,
    ) -> None:
        """Count `amount` more, or less."""
        known = self._known.get(id(attributes))
        with self._lock:
            (known[1] if known else self._cell(attributes))[0] += amount

    def _cell(self, attributes: Attributes) -> list[Any]:
        key = tuple((attributes or {}).items())
        cell = self._counts.setdefault(key, [0, dict(attributes or {})])
        if len(self._known) < _KEPT:
            self._known[id(attributes)] = (attributes, cell)
        return cell

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            cells = [(count, attributes) for count, attributes in self._counts.values()]
        return [Observation(count, attributes) for count, attributes in cells]


def is_sdks(counter: object) -> bool:
    """Whether a counter is one of the SDK's."""
    return isinstance(counter, SdkUpDownCounter)
