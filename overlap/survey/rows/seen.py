"""Whether other traces of a route show that calls need nothing of each other.

As in `overlap.proof.other_traces`, by sums: the later call began before the earlier one had ended.
One trace is enough to drop that: the earlier call failed, and the later one was not made.
"""

from __future__ import annotations

from itertools import pairwise

from overlap.survey.totals.bounds import OTHERS
from overlap.survey.totals.model import SEPARATOR, AdviceSum, Route


def seen_in(route: Route, one: AdviceSum) -> int:
    """Return how often the calls that are to be gathered ran at once, or in another order.

    The count is that of the two calls in a row for which it is lowest; 0 if a trace says otherwise.
    """
    if not one.calls or OTHERS in one.calls:
        return 0
    return min(_seen(route, one.parent, calls.split(SEPARATOR)) for calls in one.calls)


def _seen(route: Route, parent: str, calls: list[str]) -> int:
    if len({*calls}) < len(calls) or len(calls) < 2:
        return 0  # which is which can't be told by their names
    return min(_times(route, parent, one, other) for one, other in pairwise(calls))


def _times(route: Route, parent: str, one: str, other: str) -> int:
    known = route.failed.get(f"{parent}{SEPARATOR}{one}")
    if other not in known if known is not None else OTHERS in route.failed:
        return 0
    found = route.at_once.get(SEPARATOR.join((parent, one, other)), 0)
    for key, count in route.orders.items():
        above, *names = key.split(SEPARATOR)
        if above == parent and one in names and other in names:
            found += count if names.index(other) < names.index(one) else 0
    return found
