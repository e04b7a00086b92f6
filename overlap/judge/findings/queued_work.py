"""Tasks that were sent to a worker over a queue, and how they ended.

A message may have several consumers: each service, and each consumer group of it, is a delivery
of its own, with its own runs. Runs of one delivery are its tries. A consumer belongs to the
producer that has its message id, that it links to, or that is above it. A consumer in another trace
of the same input belongs to the producer that it links to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from overlap import names
from overlap.judge.model import QueuedTask
from overlap.judge.tree.span_tree import Tree, ms, plain
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.model import AttributeValue, Span

DONE: Final = "done"
FAILED: Final = "failed"
REVOKED: Final = "revoked"
WAITING: Final = "waiting"
"""It ran, and was not seen to end: it still runs, or waits for another try."""
UNSEEN: Final = "unseen"
"""The trace holds no run of it."""
UNSENT: Final = "unsent"
"""Sending it failed."""
_ENDS = {
    "SUCCESS": DONE,
    "FAILURE": FAILED,
    "RETRY": WAITING,
    names.QUEUE_DONE: DONE,
    names.QUEUE_FAILED: FAILED,
    names.QUEUE_RETRY: WAITING,
}
_REVOKED = ("REVOKED", names.QUEUE_REVOKED)
_TASKS = (names.QUEUE_TASK, names.CELERY_TASK_NAME)
_GROUPS = (
    names.MESSAGING_CONSUMER_GROUP,
    names.MESSAGING_KAFKA_CONSUMER_GROUP,
    names.MESSAGING_SUBSCRIPTION,
)

_Consumer = tuple[str, str]
"""Distinguishes the deliveries of one message."""


def handed(tree: Tree, followers: Iterable[Span] = ()) -> list[QueuedTask]:
    """Return each delivery of each message of the trace, in order of sending. O(n log n).

    A message that is sent again for another try has the same id.
    """
    if "producer" not in tree.words and "consumer" not in tree.words:
        return []
    messages: dict[str, tuple[list[int], list[int]]] = {}  # by id: sendings, runs
    by_start = sorted(range(len(tree.spans)), key=tree.starts.__getitem__)
    queue = [i for i in by_start if tree.spans[i].kind in ("producer", "consumer")]
    sending = {tree.spans[i].span_id: i for i in queue if tree.spans[i].kind == "producer"}
    known = {_message(tree, index) for index in sending.values()}
    for index in queue:
        if tree.spans[index].kind == "producer":
            messages.setdefault(_message(tree, index), ([], []))[0].append(index)
            continue
        for message in _messages(tree, index, sending, known):
            messages.setdefault(message, ([], []))[1].append(index)
    elsewhere = _by_sending(tree, followers)
    found = []
    for sendings, runs in messages.values():
        own = [_Run(tree.spans[i], tree.starts[i], tree.ended[i]) for i in runs]
        linked = [run for i in sendings for run in elsewhere.get(tree.spans[i].span_id, ())]
        found += [_delivery(tree, sendings, received) for received in _deliveries([*own, *linked])]
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a consumer."""

    span: Span
    start_ns: int
    has_ended: bool


def _by_sending(tree: Tree, followers: Iterable[Span]) -> dict[str, list[_Run]]:
    """Return by the id of what they link to the runs in other traces, in order of start."""
    found: dict[str, list[_Run]] = {}
    for span in sorted(followers, key=lambda span: (span.start_ns, span.span_id)):
        run = _Run(span, span.start_ns, bool(span.end_ns))
        for span_id in dict.fromkeys(
            link.span_id for link in span.links if link.trace_id == tree.trace_id
        ):
            found.setdefault(span_id, []).append(run)
    return found


def _message(tree: Tree, index: int) -> str:
    span = tree.spans[index]
    message = plain(span.attributes.get(names.MESSAGING_MESSAGE_ID))
    return f"span {span.span_id}" if message is None else f"message {message}"


def _messages(tree: Tree, index: int, sending: dict[str, int], known: set[str]) -> list[str]:
    """Return the messages that a consumer received: several where it links to several."""
    own = _message(tree, index)
    if own in known:
        return [own]
    links = (sending.get(link.span_id) for link in tree.spans[index].links)
    if linked := dict.fromkeys(_message(tree, i) for i in links if i is not None):
        return list(linked)
    parent = tree.parents[index]
    while parent != NO_PARENT and tree.spans[parent].kind == "consumer":
        if _message(tree, parent) in known:
            return [_message(tree, parent)]
        parent = tree.parents[parent]
    if parent != NO_PARENT and tree.spans[parent].kind == "producer":
        return [_message(tree, parent)]
    return [own]


def _deliveries(runs: list[_Run]) -> Iterator[list[_Run]]:
    """Yield the runs of each consumer; once none for a message without runs."""
    found: dict[_Consumer, list[_Run]] = {}
    for run in runs:
        found.setdefault(_consumer(run.span), []).append(run)
    for received in found.values():
        # The message was received once, and then processed: that is one task.
        processed = [run for run in received if _operation(run.span) != "receive"]
        yield processed or received
    if not runs:
        yield []


def _consumer(span: Span) -> _Consumer:
    attributes = span.attributes
    if names.CELERY_STATE in attributes or any(key in attributes for key in _TASKS):
        return "", ""  # a task runs once, on whichever worker takes it
    group = next((value for key in _GROUPS if (value := plain(attributes.get(key)))), "")
    return span.service, group


def _operation(span: Span) -> AttributeValue:
    attributes = span.attributes
    return attributes.get(names.MESSAGING_OPERATION_TYPE) or attributes.get(
        names.MESSAGING_OPERATION
    )


def _delivery(tree: Tree, sendings: list[int], runs: list[_Run]) -> QueuedTask:
    first = tree.spans[sendings[0]] if sendings else runs[0].span
    name = first.name
    for key in (*_TASKS, names.MESSAGING_DESTINATION_NAME):
        if isinstance(value := first.attributes.get(key), str) and value:
            name = value
            break
    tries = [run for run in runs if _state(run.span) not in _REVOKED]
    queued = runs[0].start_ns - tree.ends[sendings[0]] if sendings and runs else None
    return QueuedTask(
        task=name,
        worker=runs[-1].span.service if runs else "",
        end=_end(tree, sendings, runs),
        tries=len(tries),
        queued_ms=None if queued is None else ms(max(0, queued)),
        span_id=first.span_id,
        run_ids=[run.span.span_id for run in tries],
    )


def _state(span: Span) -> AttributeValue:
    attributes = span.attributes
    return attributes.get(names.CELERY_STATE) or attributes.get(names.QUEUE_STATE)


def _end(tree: Tree, sendings: list[int], runs: list[_Run]) -> str:
    states = [_state(run.span) for run in runs]
    if any(state in _REVOKED for state in states):
        return REVOKED
    if not runs:
        return UNSENT if tree.spans[sendings[-1]].status == "error" else UNSEEN
    if not runs[-1].has_ended:
        return WAITING
    span, state = runs[-1].span, states[-1]
    if isinstance(state, str) and state in _ENDS:
        return _ENDS[state]
    return FAILED if span.status == "error" else DONE
