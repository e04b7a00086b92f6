"""Query parameters are read as Go reads them; what can't be read is a ValueError, never more."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap.pocket.api import query_parameters


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("1970-01-01T02:00:00.5+02:00", 500_000_000),
        ("1969-12-31T23:59:59.25Z", -750_000_000),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000_000_000),
        ("1970-01-01T00:00:00.1234567891Z", 123_456_789),
    ],
)
def test_times(text, ns):
    """RFC 3339 to the nanosecond, the first year included."""
    assert query_parameters.time_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [("0", 0), ("1s", 10**9), ("1.5ms", 1_500_000), ("1m30s", 90 * 10**9), ("2µs", 2_000)],
)
def test_durations(text, ns):
    """Numbers with units, one after another."""
    assert query_parameters.duration_ns(text) == ns


def test_a_long_duration_is_refused_at_once():
    """The pattern needs minutes for it: each digit could begin another number."""
    with pytest.raises(ValueError, match="is not a duration"):
        query_parameters.duration_ns("9" * 100_000)


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:.+\-Zsmhµ]{1,400}"))
def test_whatever_comes_is_read_or_a_value_error(text):
    """No input raises anything else."""
    parsers = (
        query_parameters.time_ns, query_parameters.duration_ns, query_parameters.boolean,
        query_parameters.whole_number, query_parameters.trace_id,
    )  # fmt: skip
    for parse in parsers:
        with contextlib.suppress(ValueError):
            parse(text)
