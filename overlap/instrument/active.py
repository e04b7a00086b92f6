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


class ActiveRequests(UpDownCounter):
    """Stands for `stock`, an up-down counter of the SDK that nobody has used yet.

    Every set of attributes stays for good, so these must be few: method and scheme are.
    """

    def __init__(self, meter: Meter, stock: Any) -> None:  # the base's does nothing
        self._lock = threading.Lock()
        self._counts: dict[tuple[Any, ...], int | float] = {}
        self._attributes: dict[tuple[Any, ...], Attributes] = {}
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
        key = tuple((attributes or {}).items())
        with self._lock:
            if key not in self._counts:
                self._counts[key] = 0
                self._attributes[key] = dict(attributes or {})
            self._counts[key] += amount

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            counts = list(self._counts.items())
        return [Observation(count, self._attributes[key]) for key, count in counts]


def is_sdks(counter: object) -> bool:
    """Whether a counter is one of the SDK's."""
    return isinstance(counter, SdkUpDownCounter)
