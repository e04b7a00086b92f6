"""The sketch of durations: its error, its sums, its examples."""

import math

from hypothesis import given
from hypothesis import strategies as st

from overlap.survey.totals.durations import RELATIVE_ERROR, Durations

NS = st.integers(1, 10**13)
SHARES = st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0])


def sketch(values, name="t"):
    found = Durations()
    for number, value in enumerate(values):
        found.add(value, f"{name}{number:06d}")
    return found


@given(st.lists(NS, min_size=1), SHARES)
def test_quantiles_are_within_one_per_cent(values, share):
    """Whatever the durations are, a quantile is as near to the exact one as promised."""
    exact_ms = sorted(values)[max(0, math.ceil(share * len(values)) - 1)] / 1e6
    error = abs(sketch(values).quantile_ms(share) - exact_ms)
    assert error <= RELATIVE_ERROR * 1.001 * exact_ms + 1e-6  # rounded to nanoseconds


@given(st.lists(NS), st.lists(NS))
def test_a_merged_sketch_is_the_sketch_of_both(one, other):
    """Merging loses nothing, in either order."""
    both, swapped = sketch(one, "a"), sketch(other, "b")
    both.update(sketch(other, "b"))
    swapped.update(sketch(one, "a"))
    assert both == swapped
    assert both.count == len(one) + len(other)
    assert both.total_ns == sum(one) + sum(other)


def test_an_example_is_a_trace_of_that_length():
    """The example of the median is an ordinary trace, the one of the 99th percentile a slow one."""
    found = sketch([100_000_000] * 98, "usual")
    found.update(sketch([9_000_000_000] * 2, "slow"))
    assert (found.example(0.5), found.example(0.99)) == ("usual000000", "slow000000")


def test_a_sketch_of_nothing_has_no_quantile():
    """No division by zero, no example."""
    assert (Durations().quantile_ms(0.5), Durations().example(0.5)) == (0.0, "")


def test_a_duration_of_nothing_counts():
    """An instant has no logarithm."""
    found = sketch([0, 0, 1, 5_000_000])
    assert (found.count, found.quantile_ms(0.5)) == (4, 0.0)


def test_the_example_of_a_length_is_its_smallest_trace_id():
    """Of several traces of one length the same is shown, whatever is merged first."""
    found = sketch([100], "b")
    found.update(sketch([100], "a"))
    found.add(100, "c")
    assert found.example(0.5) == "a000000"
