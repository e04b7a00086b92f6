"""The metric `http.server.active_requests`, counted here and read when metrics are collected.

Two additions to the SDK's up-down counter cost as much as starting a span. The exported sum is
the same, without exemplars, which mean nothing for a count that goes up and down.
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
"""Attribute sets that are recognized by identity; others are compared by value."""


class ActiveRequests(UpDownCounter):
    """Replaces `stock`, an up-down counter of the SDK that has not been used yet.

    Every attribute set is remembered for good, so there must be few: method and scheme are.
    """

    def __init__(self, meter: Meter, stock: Any) -> None:  # the base's does nothing
        self._lock = threading.Lock()
        self._counts: dict[tuple[Any, ...], list[Any]] = {}
        """The count and the attributes, by the attributes' items."""
        self._known: dict[int, tuple[Attributes, list[Any]]] = {}
        """The same by id(); the attributes are kept alive, so no other object gets their id."""
        meter.create_observable_up_down_counter(
            stock.name, [self._observe], stock.unit, stock.description
        )

    def add(
        self,
        amount: int | float,
        attributes: Attributes = None,
        context: Context | None = None,
    ) -> None:
        """Add `amount`, which may be negative."""
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
    """Return whether a counter is the SDK's."""
    return isinstance(counter, SdkUpDownCounter)
