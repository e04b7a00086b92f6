"""Tell a change from noise: bounds of quantiles, and a test of counts.

A quantile's bounds are those of order statistics, which hold for any distribution: of n durations
the one at rank nq lies, with a probability of 99 %, between those at ranks nq ± 2.58 √(nq(1 - q)).
Source: H. A. David, H. N. Nagaraja, Order Statistics, 3rd edition, 7.1. To these ranks come the
edges of the sketch's buckets, so that its own error widens the bounds. Two quantiles differ if
their bounds do not overlap, which is stricter than a test at 99 %.

Two counts, k of n requests before and l of m after, differ if so many of all k + l, or more, fall
to one side with a probability of less than 1 %, had each been as likely at any request: the
conditional test of two Poisson rates. Source: J. Przyborowski, H. Wilenski, Homogeneity of results
in testing samples from Poisson series, Biometrika 31 (1940). Of as many requests before and after,
seven events of a new kind are beyond noise. Where the standard deviation is above a thousand
events, the normal distribution is as near as matters, and takes no longer for more of them.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from overlap.survey.totals.durations import Durations

Z: Final = 2.576
"""Of the normal distribution: 99 % lie within so many standard deviations."""
LEVEL: Final = 0.01
MANY: Final = 1_000_000
"""The variance above which the exact sum has thousands of terms."""


class Bounds(NamedTuple):
    """Where a quantile lies, in ms."""

    low: float
    high: float
    """Infinite where there are too few durations."""


def bounds(durations: Durations, share: float) -> Bounds:
    """Return the bounds of a quantile."""
    count = durations.count
    if not count:
        return Bounds(0.0, math.inf)
    middle, spread = count * share, Z * math.sqrt(count * share * (1 - share))
    low, high = math.floor(middle - spread), math.ceil(middle + spread) + 1
    return Bounds(
        durations.edges_ms(low)[0] if low >= 1 else 0.0,
        durations.edges_ms(high)[1] if high <= count else math.inf,
    )


def more(before: int, of_before: int, after: int, of_after: int) -> bool:
    """Return whether there are more events for each request than before, beyond noise."""
    if not of_before or not of_after or after * of_before <= before * of_after:
        return False
    return _tail(before + after, after, of_after / (of_before + of_after)) < LEVEL


def _tail(trials: int, least: int, chance: float) -> float:
    """Return the probability of `least` successes or more: of the binomial distribution."""
    if chance >= 1.0:  # rounded: nearly all requests are on one side
        return 1.0
    variance = trials * chance * (1 - chance)
    if variance > MANY:
        return math.erfc((least - 0.5 - trials * chance) / math.sqrt(2 * variance)) / 2
    log_chance, log_rest = math.log(chance), math.log1p(-chance)
    found = 0.0
    for successes in range(least, trials + 1):
        log = (
            math.lgamma(trials + 1)
            - math.lgamma(successes + 1)
            - math.lgamma(trials - successes + 1)
            + successes * log_chance
            + (trials - successes) * log_rest
        )
        term = math.exp(min(log, 0.0))
        found += term
        # The rest is less, and falls faster; of very many events, logarithms are not exact.
        if term <= found * 1e-9 or found >= 1.0:
            break
    return found
