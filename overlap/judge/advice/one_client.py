"""Clients and connections that are set up for each call could be set up once for the process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from overlap import names
from overlap.judge.advice.requests import LEAST_NS, Change, Requests
from overlap.judge.model import Advice
from overlap.judge.path.awaited import awaited
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import NS_PER_MS, Tree

ONE_CLIENT: Final = "one_client"
_SET_UP = re.compile(
    r"\b(?:new|create|open|init)[ _.]client\b|\b(?:tls|ssl|tcp|dns)\b|\bconnect\b|\bhandshake\b",
    re.IGNORECASE,
)
_KINDS = ("internal", "client", "unspecified")
_SERVER = (names.SERVER_ADDRESS, names.SERVER_PORT)


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for set-ups that a request repeats: later requests find them done.

    The call after a set-up opens its connection too. Where the server's span is in the trace, it
    is seen for how long: on an open connection, a request arrives as fast as its response does.
    What runs on the event loop delays all requests, so it is advised even if its own gains little.
    """
    tree = requests.tree
    if not _set_up_names(requests):
        return
    for (request, name, _), members in _repeated(requests).items():
        parents = {tree.parents[index] for index in members}
        on_loop = sum(requests.context.number(index, names.LOOP_RUNNING_MS) for index in members)
        is_long = on_loop * NS_PER_MS >= LEAST_NS
        taken = f", which take {duration(on_loop)} of the event loop" if is_long else ""
        found = requests.advice(
            Change(
                change=ONE_CLIENT,
                spans=members,
                parent=parents.pop() if len(parents) == 1 else request,
                do=f"keep one client and its connections for the process instead of "
                f"{len(members)} x {clean(name)}{taken}",
                condition="if all of these calls may share one client",
                saves_ns=sum(map(requests.on_path, members))
                + sum(_connecting(requests, call) for call in _first_calls(requests, members)),
                is_defect=is_long,
            )
        )
        if found:
            yield found


def _repeated(requests: Requests) -> dict[tuple[int, str, str], list[int]]:
    """Return by request, name and server the set-ups that it makes more than once."""
    tree = requests.tree
    found: dict[tuple[int, str, str], list[int]] = {}
    for index, span in enumerate(tree.spans):
        request = requests.of(index)
        if request is None or request == index or not _sets_up(requests, index):
            continue
        server = ":".join(str(span.attributes.get(key, "")) for key in _SERVER)
        found.setdefault((request, span.name, server), []).append(index)
    return {key: members for key, members in found.items() if len(members) > 1}


def _sets_up(requests: Requests, index: int) -> bool:
    span = requests.tree.spans[index]
    return span.kind in _KINDS and span.name in _set_up_names(requests)


def _first_calls(requests: Requests, members: Sequence[int]) -> Iterator[int]:
    """Yield for each set-up the first call that a sibling makes after it."""
    tree = requests.tree
    for parent in sorted({tree.parents[index] for index in members}):
        expected = False
        for index in sorted(awaited(tree, parent), key=lambda i: (tree.starts[i], i)):
            if index in members:
                expected = True
            elif expected and tree.spans[index].kind == "client":
                expected = False
                yield index


def _connecting(requests: Requests, call: int) -> int:
    """Return how long a call took until its server began, beyond what its response took, in ns."""
    tree = requests.tree
    servers = [i for i in tree.children.get(call, ()) if tree.spans[i].kind == "server"]
    if len(servers) != 1 or not requests.on_path(call):
        return 0
    there = tree.starts[servers[0]] - tree.starts[call]
    back = tree.ends[call] - tree.ends[servers[0]]
    return max(0, there - max(0, back))


def set_ups(requests: Requests, siblings: Sequence[int]) -> list[int]:
    """Return the siblings that set up a client or a connection, if one name does so twice."""
    if not _set_up_names(requests):
        return []
    found: dict[str, list[int]] = {}
    for index in siblings:
        span = requests.tree.spans[index]
        if _sets_up(requests, index):
            found.setdefault(span.name, []).append(index)
    return [index for members in found.values() if len(members) > 1 for index in members]


def _set_up_names(requests: Requests) -> set[str]:
    """Return the names in the trace that sound like a set-up; in most there is none."""
    if requests.set_up_names is None:
        requests.set_up_names = {*filter(_is_set_up, requests.tree.words)}
    return requests.set_up_names


def has_set_ups(tree: Tree) -> bool:
    """Return whether a name in a trace sounds like a set-up."""
    return any(map(_is_set_up, tree.words))


@lru_cache(4096)  # traces of one service have the same names
def _is_set_up(name: str) -> bool:
    return _SET_UP.search(name) is not None
