"""Tries of one call that all failed could be given up after the first, while its server is down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from overlap import names
from overlap.judge.advice.refusals import URLS, called_url
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean
from overlap.judge.tree.span_tree import Tree
from overlap.trace.model import Span

CIRCUIT_BREAKER: Final = "circuit_breaker"
_BUSY = frozenset({"408", "425", "429"})


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each call that was made again after it had failed, and never succeeded.

    A call is known by its method and whole address. Tries that succeed in the end were worth it,
    and so they are if the same server then answered another call.
    """
    tree = requests.tree
    if not may_have(tree):
        return
    for parent in requests.parents():
        failed: dict[tuple[str, str, str], list[int]] = {}
        answered: dict[tuple[str, str], int] = {}  # by method and server: the last start
        for index in awaited(tree, parent):
            span = tree.spans[index]
            if (url := called_url(span)) is None:
                continue
            server = _server(url)
            if (error := _error(span)) is not None:
                failed.setdefault((span.name, url, error), []).append(index)
            elif span.status != "error":
                last = answered.get((span.name, server), 0)
                answered[span.name, server] = max(last, tree.starts[index])
        for (name, url, error), tries in failed.items():
            tries.sort(key=tree.starts.__getitem__)
            if tree.ends[tries[0]] <= answered.get((name, _server(url)), 0):
                continue
            if found := _failed(requests, parent, tries, error):
                yield found


def _server(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _error(span: Span) -> str | None:
    """Return the error of a call whose server is down; None for an answer, such as 404."""
    error = span.attributes.get(names.ERROR_TYPE)
    if span.status != "error" or not isinstance(error, str):
        return None
    is_answer = error.startswith("4") and error.isdecimal() and error not in _BUSY
    return None if is_answer else error


def may_have(tree: Tree) -> bool:
    """Return whether a trace has an error of a call, and an address."""
    return names.ERROR_TYPE in tree.words and not tree.words.isdisjoint(URLS)


def _failed(requests: Requests, parent: int, tries: list[int], error: str) -> Advice | None:
    tree = requests.tree
    if any(tree.ends[one] > tree.starts[after] for one, after in pairwise(tries)):
        return None
    last = max(tree.ends[index] for index in tries)
    inside = [
        index
        for index in awaited(tree, parent)
        if index not in tries and tree.ends[tries[0]] <= tree.starts[index] < last
    ]
    saves = sum(map(requests.on_path, [*tries[1:], *inside]))
    name = clean(tree.spans[tries[0]].name)
    return requests.advice(
        Change(
            change=CIRCUIT_BREAKER,
            spans=tries,
            parent=parent,
            do=f"stop calling {name} for a while once it fails with {clean(error)} "
            f"(a circuit breaker): {len(tries)} tries failed in the same way",
            condition="if it fails for the next requests, too",
            saves_ns=requests.until_others([*tries, *inside], saves),
        )
    )
