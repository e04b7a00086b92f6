"""Sentences about work that continued after the response: how it ended, and which was lost."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.findings.beyond_response import lost, outliving
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.trace_context import TraceContext
from overlap.judge.tree.span_tree import NS_PER_MS
from overlap.judge.tree.structure import NO_PARENT

_ENDS = {
    names.TASK_FAILED: ", and failed",
    names.TASK_CANCELLED: ", and was cancelled",
    names.TASK_LOST: ", and was stopped by the end of its process",
}


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield work that outlived its response, by name; then tasks that were lost."""
    tree = context.tree
    tops: dict[tuple[str, int], list[int]] = {}
    for index, server in outliving(tree):
        tops.setdefault((tree.spans[index].name, server), []).append(index)
    past = {
        key: max(tree.ends[index] - tree.ends[key[1]] for index in members)
        for key, members in tops.items()
    }
    for key in sorted(tops, key=lambda key: (-past[key], key)):
        yield _background(context, key[1], sorted(tops[key]), past[key])
    if never_ended := _never_ended(context):
        yield _lost(context, never_ended)
    if names.SPAN_TASK_DROPPED not in tree.words:
        return
    for index, span in enumerate(tree.spans):
        if span.name == names.SPAN_TASK_DROPPED:
            yield _dropped(context, index)


def _never_ended(context: TraceContext) -> list[str]:
    """Return the lost tasks, without those that have a span of their own that says how."""
    never_ended = lost(context.tree)
    if not never_ended:
        return never_ended
    for span in context.tree.spans:
        name = span.attributes.get(names.TASK_NAME) or span.name
        if span.name == names.SPAN_TASK_DROPPED and name in never_ended:
            never_ended.remove(str(name))
    return never_ended


def _dropped(context: TraceContext, index: int) -> Why:
    span = context.tree.spans[index]
    name = span.attributes.get(names.TASK_NAME)
    who = clean(name) if isinstance(name, str) and name else context.called(index)
    said = f": {clean(span.status_message)}" if span.status_message else ""
    if span.attributes.get(names.TASK_END) == names.TASK_FAILED:
        text = f"{who} failed and nothing retrieved its exception{said}"
    elif span.attributes.get(names.TASK_END) == names.TASK_CUT:
        text = f"{who} was stopped by the shutdown{said}"
    else:
        text = f"{who} was lost{said}"
    above = context.tree.parents[index]
    return Why(text, context.ids([index, *([above] if above != NO_PARENT else [])]))


def _background(context: TraceContext, server: int, members: list[int], past_ns: int) -> Why:
    name = context.called(members[0])
    who = name if len(members) == 1 else f"{len(members)} x {name}"
    end = context.attribute(members[0], names.TASK_END)
    ended = _ENDS.get(end, "") if isinstance(end, str) and len(members) == 1 else ""
    if end == names.TASK_FAILED and ended and context.tree.spans[members[0]].status_message:
        ended += f" ({clean(context.tree.spans[members[0]].status_message)})"
    text = (
        f"{context.subject(server)} did not wait for {who}, which continued for "
        f"{duration(past_ns / NS_PER_MS)} after it{ended}"
    )
    return Why(text, context.ids([server, *members]))


def _lost(context: TraceContext, tasks: list[str]) -> Why:
    tree = context.tree
    evidence = [
        index
        for index, span in enumerate(tree.spans)
        if span.attributes.get(names.TASK_END) == names.TASK_LOST
        or (names.TASK_ID in span.attributes and span.name == names.SPAN_TASK_STARTED)
    ]
    evidence += [tree.parents[index] for index in evidence if tree.parents[index] != NO_PARENT]
    what = clean(tasks[0]) if len(tasks) == 1 else f"{clean(tasks[0])} and {len(tasks) - 1} more"
    was = "was" if len(tasks) == 1 else "were"
    return Why(
        f"{what} {was} started and never ended: the process exited first", context.ids(evidence)
    )
