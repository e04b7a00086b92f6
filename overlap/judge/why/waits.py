"""Sentences about waits inside a process: locks, queues, pools of connections, DNS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.stages import union_length
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS, plain
from overlap.judge.tree.structure import NO_PARENT

LEAST_NS: Final = 5_000_000
"""Shorter waits are not reported."""
_FOR: dict[str, tuple[str, str]] = {
    names.WAIT_FOR_LOCK: ("a lock", "held by"),
    names.WAIT_FOR_SEMAPHORE: ("a semaphore", "held by"),
    names.WAIT_FOR_EVENT: ("an event", "set by"),
    names.WAIT_FOR_CONDITION: ("a condition", "notified by"),
    names.WAIT_FOR_QUEUE_GET: ("an item of a queue", "put by"),
    names.WAIT_FOR_QUEUE_PUT: ("room in a queue", "made by"),
    names.WAIT_FOR_QUEUE_JOIN: ("the end of a queue's work", "done by"),
    names.WAIT_FOR_POOL: ("a connection of a pool", "released by"),
    names.WAIT_FOR_LIMITER: ("the limiter of threads", "released by"),
    names.WAIT_FOR_DNS: ("a name to be looked up (DNS)", ""),
}
_Key = tuple[int, str, str]


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield what was waited for at each line, the longest wait first."""
    if names.WAIT_KIND not in context.tree.words:
        return
    groups: dict[_Key, list[int]] = {}
    for index, span in enumerate(context.tree.spans):
        kind = span.attributes.get(names.WAIT_KIND)
        if isinstance(kind, str) and kind in _FOR and not context.is_neighbour(index):
            key = (context.tree.parents[index], kind, _line(context, index))
            groups.setdefault(key, []).append(index)
    lengths = {key: _length(context, members) for key, members in groups.items()}
    for key in sorted(groups, key=lambda key: (-lengths[key], key)):
        if lengths[key] >= LEAST_NS:
            yield _reason(context, key, groups[key], lengths[key])


def _length(context: TraceContext, members: list[int]) -> int:
    tree = context.tree
    return union_length((tree.starts[index], tree.ends[index]) for index in members)


def _reason(context: TraceContext, key: _Key, members: list[int], length: int) -> Why:
    parent, kind, line = key
    longest = max(members, key=lambda index: (context.duration(index), -index))
    what, by = _FOR[kind]
    subject = "a task" if parent == NO_PARENT else context.subject(parent)
    times = f" in {len(members)} waits" if len(members) > 1 else ""
    at = f" at {clean(line)}" if line else ""
    text = f"{subject} waited {duration(length / NS_PER_MS)}{times} for {what}{at}"
    if context.attribute(longest, names.WAIT_GIVEN_UP) is True:
        text += ", and gave up" if len(members) == 1 else ", and gave up the longest"
    if by and (who := _who(context, longest)):
        text += f"; {'the longest was' if len(members) > 1 else 'it was'} {by} {who}"
    ids = context.ids([*members] if parent == NO_PARENT else [parent, *members])
    return Why(text, ids)


def _line(context: TraceContext, index: int) -> str:
    """Return the line that waited, as it stands in the span's attributes."""
    path = context.attribute(index, names.CODE_FILE_PATH)
    if not isinstance(path, str) or not path:
        return ""
    number = plain(context.attribute(index, names.CODE_LINE_NUMBER))
    function = plain(context.attribute(index, names.CODE_FUNCTION_NAME))
    return path + (f":{number}" if number else "") + (f" in {function}" if function else "")


def _who(context: TraceContext, index: int) -> str:
    """Return who ended a wait: `GET /report, at app/views.py:41 in report`."""
    span = plain(context.attribute(index, names.WAIT_BY_SPAN))
    task = plain(context.attribute(index, names.WAIT_BY_TASK))
    line = plain(context.attribute(index, names.WAIT_BY_LINE))
    who = clean(span) if span else f"the task {clean(task)}" if task else ""
    if not line:
        return who
    return f"{who}, at {clean(line)}" if who else f"code at {clean(line)}"
