"""Our medians are those of the standard library."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from overlap.judge.median import median, median_low


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_medians_are_those_of_statistics(values: list[int]) -> None:
    """Of any values, an odd or an even number of them."""
    assert median(values) == statistics.median(values)
    assert median_low(values) == statistics.median_low(values)
