"""A faster path to the aggregation of an SDK histogram.

The SDK cleans, copies, sorts and hashes the attributes of every measurement. Ours are a few known
sets (`RequestAttributes`), so the aggregation is looked up once for each. If the SDK's internals
are not as expected, its public method is used.
"""

from __future__ import annotations

import time
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import Histogram as SdkHistogram
from opentelemetry.sdk.metrics import TraceBasedExemplarFilter
from opentelemetry.sdk.metrics._internal import _view_instrument_match
from opentelemetry.trace import TraceFlags
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY
from opentelemetry.util.types import Attributes

_KEPT = 2000
"""Sets of attributes remembered: as many as the SDK keeps apart."""


def _frozen(attributes: Any) -> Any:
    return frozenset(attributes.items())


_key = getattr(_view_instrument_match, "_hash_attributes", _frozen)
"""What the SDK keeps an aggregation under; before 1.43, the items."""


class _Measurement:
    """A measurement with valid attributes. The SDK's own class is frozen, and takes five times as
    long to make."""

    __slots__ = ("attributes", "context", "instrument", "time_unix_nano", "value")

    def __init__(
        self, value: float, instrument: Any, context: Context, attributes: Attributes
    ) -> None:
        self.value = value
        self.time_unix_nano = time.time_ns()
        self.instrument = instrument
        self.context = context
        self.attributes = attributes


def _is_sampled(span: Any) -> bool:
    """Return what the SDK's default filter asks of a span, in a quarter of its calls."""
    return span is not None and bool(span.get_span_context().trace_flags & TraceFlags.SAMPLED)


class FastHistogram(Histogram):
    """Replaces `stock`, a histogram of the SDK. Attributes must never change."""

    def __init__(self, stock: Any) -> None:  # the base's does nothing
        self._stock = stock
        self._storages: Any = None
        """Of the readers that the aggregations are of."""
        self._aggregations: dict[int, tuple[Attributes, list[Any]]] = {}
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
        measurement = _Measurement(amount, self._stock, context, attributes)
        # Not remembered: where the project sets a meter provider, the instrument moves there.
        consumer: Any = self._stock._measurement_consumer
        if consumer._reader_storages is not self._storages:
            self._aggregations.clear()
            self._storages = consumer._reader_storages
        examples = consumer._sdk_config.exemplar_filter
        if type(examples) is TraceBasedExemplarFilter:
            is_example = _is_sampled(context.get(SPAN_KEY))
        else:
            is_example = examples.should_sample(
                amount, measurement.time_unix_nano, attributes, context
            )
        # By identity: remembered attributes are kept alive, so no other object can have their id.
        found = self._aggregations.get(id(attributes))
        if found is not None:
            for aggregation in found[1]:
                aggregation.aggregate(measurement, is_example)
            return
        aggregations: list[Any] = []
        for storage in consumer._reader_storages.values():
            for match in storage._get_or_init_view_instrument_match(self._stock):
                match.consume_measurement(measurement, is_example)
                if getattr(match, "_reset_on_collect", True) or match._view._attribute_keys:
                    aggregations.append(None)
                else:
                    aggregations.append(match._attributes_aggregation.get(_key(attributes)))
        if all(aggregations) and len(self._aggregations) < _KEPT:
            self._aggregations[id(attributes)] = (attributes, aggregations)
