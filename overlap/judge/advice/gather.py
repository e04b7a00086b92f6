"""Awaited siblings that ran one after another could run at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from overlap import names
from overlap.judge.advice.one_client import set_ups
from overlap.judge.advice.one_query import is_query, repeated_queries
from overlap.judge.advice.refusals import (
    asks_again,
    one_a_connection,
    wait_for_each_other,
    without_effects,
)
from overlap.judge.advice.requests import LEAST_NS, LEAST_PART, Change, Requests
from overlap.judge.findings.thread_rows import requested_at_once
from overlap.judge.model import POSSIBLE, Advice
from overlap.judge.path.awaited import awaited, awaited_stages
from overlap.judge.summary import clean, listing
from overlap.judge.tree.span_tree import NS_PER_MS, plain

GATHER: Final = "gather"


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each chain of stages of one on the critical path of a request."""
    for parent in requests.parents():
        for chain in _chains(requests, parent):
            if found := requests.advice(_change(requests, parent, chain)):
                yield found


def _chains(requests: Requests, parent: int) -> Iterator[list[int]]:
    tree = requests.tree
    children = awaited(tree, parent)
    if sum([tree.ends[index] - tree.starts[index] >= LEAST_NS for index in children]) < 2:
        return  # as a rule; none takes more of the path than it lasts
    members = awaited_stages(tree, parent)[:]
    if sum([len(stage) == 1 for stage in members]) < 2:
        return
    if sum([requests.on_path(index) >= LEAST_NS for index in children]) < 2:
        return
    members.sort(key=lambda stage: min(tree.starts[index] for index in stage))
    left_out = {i for group in repeated_queries(requests, children) for i in group}
    left_out.update(set_ups(requests, children))
    left_out.update(tree.parents[block] for block in requests.context.victims)
    left_out.update(_after_the_first_part(requests, parent, children))
    chain: list[int] = []
    for stage in members:
        if len(stage) > 1:
            yield from _useful(requests, chain)
            chain = []
        elif stage[0] not in left_out:
            chain.append(stage[0])
    yield from _useful(requests, chain)


def _useful(requests: Requests, chain: list[int]) -> Iterator[list[int]]:
    """Yield the members that take their part of the path, unless they cannot run at once."""
    whole = sum(map(requests.on_path, chain))
    large = [
        index
        for index in _without_loops(requests, chain)
        if requests.on_path(index) >= LEAST_NS and requests.on_path(index) * LEAST_PART >= whole
    ]
    large = without_effects(requests, one_a_connection(requests, large))
    if len(large) < 2 or wait_for_each_other(requests, large) or asks_again(requests, chain):
        return
    if _is_retry(requests, chain) or requested_at_once(requests.context, large):
        return
    yield large


def _without_loops(requests: Requests, chain: list[int]) -> list[int]:
    """Return the chain without steps of one name, two or more: a loop, where order may matter.

    Calls stay, as the name of an HTTP call is only its method: they are often independent.
    """
    spans = requests.tree.spans
    steps = [i for i in chain if spans[i].kind != "client" and not is_query(spans[i])]
    counts = Counter(spans[index].name for index in steps)
    loops = {index for index in steps if counts[spans[index].name] > 1}
    return [index for index in chain if index not in loops]


def _after_the_first_part(
    requests: Requests, parent: int, children: Sequence[int]
) -> Iterator[int]:
    """Yield what ended after the first part of a streaming response: parts are sent in order.

    Only if the parent was running at the first part: within one part, steps may be gathered.
    """
    tree = requests.tree
    if names.FIRST_PART_MS not in tree.words:
        return
    is_server = tree.spans[parent].kind == "server"
    server = parent if is_server else requests.context.servers.get(parent)
    if server is None:
        return
    if first_part := requests.context.number(server, names.FIRST_PART_MS):
        sent = tree.starts[server] + round(first_part * NS_PER_MS)
        if tree.starts[parent] < sent:
            yield from (index for index in children if tree.ends[index] > sent)


def _is_retry(requests: Requests, chain: list[int]) -> bool:
    """Return whether a failed call is followed by another of the same name."""
    failed = set()
    for index in chain:
        span = requests.tree.spans[index]
        if span.name in failed:
            return True
        if span.status == "error":
            failed.add(span.name)
    return False


def _change(requests: Requests, parent: int, chain: list[int]) -> Change:
    called = [requests.tree.spans[index].name for index in chain]
    if len(chain) == 2:
        condition = f"if {clean(called[1])} does not need what {clean(called[0])} returns"
    else:
        condition = "if none of them needs what another returns"
    threads = {plain(requests.context.attribute(index, names.THREAD_ID)) for index in chain}
    own = plain(requests.context.attribute(parent, names.THREAD_ID))
    if own is not None and None not in threads and own not in threads:
        condition += f" and {'both' if len(chain) == 2 else 'all'} can be awaited"
    return Change(
        change=GATHER,
        spans=chain,
        parent=parent,
        do=f"gather {listing(called)}",
        condition=condition,
        saves_ns=requests.saved_at_once(chain),
        evidence=POSSIBLE,
    )
