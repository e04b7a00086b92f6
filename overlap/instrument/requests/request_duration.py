"""How long requests took: the SDK's histogram, by a shorter way to the same place.

The SDK cleans, copies, sorts and hashes the attributes of every measurement. Ours are a few
known sets, made by `Kind`, so that the place is looked up once for each. Where the SDK is not
as expected, its own way is taken.
"""

from __future__ import annotations

import time
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import Histogram as SdkHistogram
from opentelemetry.sdk.metrics._internal._view_instrument_match import _hash_attributes
from opentelemetry.util.types import Attributes

_KEPT = 2000
"""Sets of attributes remembered: as many as the SDK keeps apart."""


class _Clean:
    """A measurement whose attributes are known to be in order. Not the SDK's own, which is
    frozen, and takes five times as long to make."""

    __slots__ = ("attributes", "context", "instrument", "time_unix_nano", "value")

    def __init__(
        self, value: float, instrument: Any, context: Context, attributes: Attributes
    ) -> None:
        self.value = value
        self.time_unix_nano = time.time_ns()
        self.instrument = instrument
        self.context = context
        self.attributes = attributes


class Duration(Histogram):
    """Stands for `stock`, a histogram of the SDK. Attributes given once may not change after."""

    def __init__(self, stock: Any) -> None:  # the base's does nothing
        self._stock = stock
        self._consumer = getattr(stock, "_measurement_consumer", None)
        self._places: dict[int, tuple[Attributes, list[Any]]] = {}
        self._is_known = isinstance(stock, SdkHistogram)

    def record(
        self, amount: int | float, attributes: Attributes = None, context: Context | None = None
    ) -> None:
        """Record one duration, in the unit of the histogram."""
        if self._is_known and attributes is not None and context is not None and amount >= 0:
            try:
                self._record(amount, attributes, context)
            except AttributeError:  # another SDK; before anything was recorded
                self._is_known = False
            else:
                return
        self._stock.record(amount, attributes, context)

    def _record(self, amount: int | float, attributes: Attributes, context: Context) -> None:
        measurement = _Clean(amount, self._stock, context, attributes)
        consumer: Any = self._consumer
        is_example = consumer._sdk_config.exemplar_filter.should_sample(
            amount, measurement.time_unix_nano, attributes, context
        )
        # By identity: what is remembered is held, so that no other can have its id.
        found = self._places.get(id(attributes))
        if found is not None:
            for place in found[1]:
                place.aggregate(measurement, is_example)
            return
        places: list[Any] = []
        for storage in consumer._reader_storages.values():
            for match in storage._get_or_init_view_instrument_match(self._stock):
                match.consume_measurement(measurement, is_example)
                if match._reset_on_collect or match._view._attribute_keys:
                    places.append(None)
                else:
                    places.append(match._attributes_aggregation.get(_hash_attributes(attributes)))
        if all(places) and len(self._places) < _KEPT:
            self._places[id(attributes)] = (attributes, places)
