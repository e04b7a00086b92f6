"""The fast reader of OTLP JSON gives what the tolerant one gives, or leaves the line to it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.trace import Span
from overlap.trace.formats import otlp_json
from overlap.trace.formats.otlp_typed import TypedReader, Unusual
from overlap.trace.json_fields import Misread
from overlap.trace.left_out import LeftOut
from tests.trace.test_read import LEAVES, VALUES, places


def both(document: Any) -> tuple[list[Span] | None, list[Span]]:
    """Return what each reader makes of it; None where the fast one leaves it."""
    try:
        fast = TypedReader().spans(json.dumps(document).encode())
    except (msgspec.MsgspecError, Unusual):
        fast = None
    try:
        return fast, list(otlp_json.spans(document, LeftOut()))
    except Misread:
        return fast, []


def test_what_the_sdks_write_is_read_fast(otlp: Any) -> None:
    """Events, links, every kind of attribute."""
    values: list[dict[str, Any]] = [
        {"stringValue": "x"}, {"intValue": "-7"}, {"doubleValue": 1.5}, {"boolValue": False},
        {"arrayValue": {"values": [{"stringValue": "a"}]}}, {},
        {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": 3}}]}},
    ]  # fmt: skip
    pairs = [{"key": f"k{n}", "value": value} for n, value in enumerate(values)]
    events = [{"timeUnixNano": "5", "name": "e", "attributes": pairs}]
    fast, tolerant = both(otlp(attributes=pairs, events=events, flags=257, traceState="a=b"))
    assert fast == tolerant
    assert fast is not None
    assert len(fast) == 2


@pytest.mark.parametrize(
    "child",
    [
        {"spanId": "A" * 16}, {"spanId": "0" * 16}, {"traceId": "a" * 31}, {"parentSpanId": "zz"},
        {"parent_span_id": "a" * 16}, {"kind": "SPAN_KIND_SERVER"}, {"startTimeUnixNano": -1},
        {"endTimeUnixNano": 2**64}, {"links": [{"traceId": "a" * 32, "spanId": ""}]},
        {"attributes": [{"key": "k", "value": {"bytesValue": "AA=="}}]},
    ],
)  # fmt: skip
def test_anything_unusual_is_left_to_the_tolerant_reader(otlp: Any, child: Any) -> None:
    """Other spellings, and ids that are not lower-case hex of the right length."""
    assert both(otlp(**child))[0] is None


@settings(max_examples=400)
@given(st.data(), LEAVES | VALUES)
def test_one_other_value_anywhere_is_read_alike(otlp: Any, data: st.DataObject, other: Any) -> None:
    """The fast reader never gives other spans than the tolerant one gives without a complaint."""
    document = json.loads(json.dumps(otlp()))
    container, key = data.draw(st.sampled_from(places(document)))
    container[key] = other
    fast, tolerant = both(document)
    if fast is not None and len(fast) == len(tolerant):
        assert repr(fast) == repr(tolerant)  # NaN is not equal to itself
