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
from opentelemetry.sdk.metrics._internal.measurement import Measurement
from opentelemetry.util.types import Attributes

_KEPT = 2000
"""Sets of attributes remembered: as many as the SDK keeps apart."""


class _Clean(Measurement):
    """A measurement whose attributes are known to be in order."""

    def __post_init__(self) -> None:
        """Nothing to clean."""


class Duration(Histogram):
    """Stands for `stock`, a histogram of the SDK. Attributes given once may not change after."""

    def __init__(self, stock: Any) -> None:  # the base's does nothing
        self._stock = stock
        self._consumer = getattr(stock, "_measurement_consumer", None)
        self._keys: dict[int, tuple[Attributes, Any]] = {}
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
        measurement = _Clean(amount, time.time_ns(), self._stock, context, attributes)
        consumer: Any = self._consumer
        is_example = consumer._sdk_config.exemplar_filter.should_sample(
            amount, measurement.time_unix_nano, attributes, context
        )
        key = self._key(attributes)
        for storage in consumer._reader_storages.values():
            for match in storage._get_or_init_view_instrument_match(self._stock):
                place = match._attributes_aggregation.get(key)
                if place is None or match._reset_on_collect or match._view._attribute_keys:
                    match.consume_measurement(measurement, is_example)
                else:
                    place.aggregate(measurement, is_example)

    def _key(self, attributes: Attributes) -> Any:
        # By identity: what is remembered is held, so that no other can have its id.
        found = self._keys.get(id(attributes))
        if found is None:
            found = (attributes, _hash_attributes(attributes))
            if len(self._keys) < _KEPT:
                self._keys[id(attributes)] = found
        return found[1]
