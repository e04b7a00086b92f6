"""Tasks that were sent to a worker over a queue, and how they ended."""

from __future__ import annotations

from overlap import names
from overlap.judge.model import QueuedTask
from overlap.judge.tree.span_tree import NO_PARENT, Tree, ms, plain
from overlap.trace.model import AttributeValue

DONE, FAILED, REVOKED, WAITING = "done", "failed", "revoked", "waiting"
_ENDS = {"SUCCESS": DONE, "FAILURE": FAILED, "RETRY": WAITING}


def handed(tree: Tree) -> list[QueuedTask]:
    """Return each message of the trace, in order of sending, with its runs.

    A message that is sent again for another try has the same id. O(n log n).
    """
    messages: dict[str, tuple[list[int], list[int]]] = {}  # by id: sendings, runs
    for index in sorted(range(len(tree.spans)), key=lambda each: (tree.starts[each], each)):
        kind = tree.spans[index].kind
        if kind in ("producer", "consumer"):
            sendings, runs = messages.setdefault(_message(tree, index), ([], []))
            (sendings if kind == "producer" else runs).append(index)
    return [_one(tree, *each) for each in messages.values()]


def _message(tree: Tree, index: int) -> str:
    span = tree.spans[index]
    if (known := plain(span.attributes.get(names.MESSAGING_MESSAGE_ID))) is not None:
        return f"message {known}"
    parent = tree.parents[index]
    if span.kind == "consumer" and parent != NO_PARENT and tree.spans[parent].kind == "producer":
        return _message(tree, parent)
    return f"span {span.span_id}"


def _one(tree: Tree, sendings: list[int], runs: list[int]) -> QueuedTask:
    first = tree.spans[(sendings or runs)[0]]
    name = first.name
    for key in (names.CELERY_TASK_NAME, names.MESSAGING_DESTINATION_NAME):
        if isinstance(value := first.attributes.get(key), str) and value:
            name = value
            break
    tries = [run for run in runs if _state(tree, run) != "REVOKED"]
    queued = tree.starts[runs[0]] - tree.ends[sendings[0]] if sendings and runs else None
    return QueuedTask(
        task=name,
        worker=tree.spans[runs[-1]].service if runs else "",
        end=_end(tree, runs),
        tries=len(tries),
        queued_ms=None if queued is None else ms(max(0, queued)),
        span_id=first.span_id,
        run_ids=[tree.spans[run].span_id for run in tries],
    )


def _state(tree: Tree, run: int) -> AttributeValue:
    return tree.spans[run].attributes.get(names.CELERY_STATE)


def _end(tree: Tree, runs: list[int]) -> str:
    states = [_state(tree, run) for run in runs]
    if "REVOKED" in states:
        return REVOKED
    if not runs or not tree.ended[runs[-1]]:
        return WAITING
    span, state = tree.spans[runs[-1]], states[-1]
    if isinstance(state, str) and state in _ENDS:
        return _ENDS[state]
    return FAILED if span.status == "error" else DONE
