"""What can't be gathered: queries on one connection, effects, tasks that wait for each other."""

from __future__ import annotations

from typing import Final

from overlap import names
from overlap.judge.advice.one_query import is_query, statement
from overlap.judge.advice.requests import Requests
from overlap.judge.tree.span_tree import plain
from overlap.judge.tree.tasks import task_of_child, task_record
from overlap.trace.model import Span

MOST_BELOW: Final = 200
"""The most spans below one that are looked at for an effect."""
URLS: Final = ("url.full", "http.url")
PAUSE_NS: Final = 50_000_000
"""Between two calls of one address; a shorter one may be that of a busy machine."""
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CHANGES = frozenset(
    (
        "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CREATE", "ALTER", "DROP", "TRUNCATE",
        "CALL", "COPY",
    )
)  # fmt: skip


def one_a_connection(requests: Requests, chain: list[int]) -> list[int]:
    """Return the chain with the longest query of each thread: Django has one connection in each.

    Nor do queries run at once below a span in which a transaction ended: it has one connection.
    """
    tree = requests.tree
    longest: dict[str, int] = {}
    for index in chain:
        if is_query(tree.spans[index]):
            connection = _connection(requests, index)
            if connection is None:
                continue
            other = longest.setdefault(connection, index)
            if requests.context.duration(index) > requests.context.duration(other):
                longest[connection] = index
    return [
        index
        for index in chain
        if not is_query(tree.spans[index])
        or (connection := _connection(requests, index)) is None
        or longest[connection] == index
    ]


def _connection(requests: Requests, index: int) -> str | None:
    parent = requests.tree.spans[requests.tree.parents[index]]
    if any(name in parent.attributes for name in (names.DB_COMMIT_MS, names.DB_ROLLBACK_MS)):
        return "transaction"
    return plain(requests.context.attribute(index, names.THREAD_ID))


def without_effects(requests: Requests, chain: list[int]) -> list[int]:
    """Return the chain without what changes something, but for the first.

    If an earlier call raises, a later one is not made; gathered, it would have been.
    """
    return [index for place, index in enumerate(chain) if not place or not _effect(requests, index)]


def _effect(requests: Requests, index: int) -> bool:
    """Return whether a span, or one below it, sends or writes something, as far as it says."""
    tree, todo = requests.tree, [index]
    for each in todo:
        span = tree.spans[each]
        method = span.attributes.get(names.HTTP_REQUEST_METHOD, span.attributes.get("http.method"))
        if method in _WRITING or span.kind == "producer":
            return True
        text = statement(span) or ""
        if text.lstrip("( \n").partition(" ")[0].upper() in _CHANGES:
            return True
        if len(todo) < MOST_BELOW:
            todo.extend(tree.children.get(each, ()))
    return False


def called_url(span: Span) -> str | None:
    """Return the whole address that a call of a client went to; None if it is not known."""
    url = next((span.attributes[key] for key in URLS if key in span.attributes), None)
    return url if span.kind == "client" and isinstance(url, str) else None


def asks_again(requests: Requests, chain: list[int]) -> bool:
    """Return whether one address is asked again after a pause: until its answer is another one."""
    tree = requests.tree
    if tree.words.isdisjoint(URLS):
        return False
    asked: dict[tuple[str, str], int] = {}
    for index in chain:  # in order of start
        span = tree.spans[index]
        if (url := called_url(span)) is None:
            continue
        before = asked.get((span.name, url))
        if before is not None and tree.starts[index] - tree.ends[before] >= PAUSE_NS:
            return True
        asked[span.name, url] = index
    return False


def wait_for_each_other(requests: Requests, chain: list[int]) -> bool:
    """Return whether a task of one waited for a task of another: they run at once already."""
    tree, record = requests.tree, task_record(requests.tree)
    if not record.numbers:
        return False
    tasks = {index: task_of_child(tree, index) for index in chain}
    others = {*tasks.values()}
    return len(others) > 1 and any(
        edge.by in others and edge.by != task
        for index, task in tasks.items()
        for edge in (
            *record.edges.get((index, task), ()),
            *record.edges.get((tree.parents[index], task), ()),
        )
        if task != record.numbers[tree.parents[index]]
    )
