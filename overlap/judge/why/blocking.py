"""Sentences about blocks of the event loop: the line of code, its duration, who waited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.findings.blocked import block_ms, culprit, is_collection, is_unfinished
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.trace_context import TraceContext, share
from overlap.judge.tree.span_tree import NS_PER_MS, plain
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.blocked_by import delays

_DID = {
    names.BLOCK_SLEEP: ("slept", ""),
    names.BLOCK_CPU: ("computed", ""),
    names.BLOCK_DNS: ("looked up a host's address", ""),
    names.BLOCK_FILE: ("read or wrote a file", ""),
    names.BLOCK_FUTURE: ("waited", " in Future.result(), for what may need this very loop"),
    names.BLOCK_LOOP_FUTURE: (
        "waited",
        " in Future.result(), for a future that only this loop can complete",
    ),
    names.BLOCK_LOCK: ("waited", " for a lock that a thread held"),
    names.BLOCK_NETWORK: ("waited", " for the network"),
    names.BLOCK_PROCESS: ("waited", " for another process"),
    names.BLOCK_WAIT: ("waited", ""),
}
"""What it did, and what is said after the place."""
_UNKNOWN = ("ran", "")
NO_REQUEST: Final = ", for no request"
LEAST_PART: Final = 10
"""Collections that are less than this part, 1/n, of a block are not reported."""


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield one reason for each line that blocked, the longest first; then blocks in other traces.

    Several blocks by one line are one reason.
    """
    by_line: dict[str, list[int]] = {}
    for index in context.victims:
        by_line.setdefault(culprit(context.tree, index), []).append(index)
    totals = {
        line: sum(block_ms(context.tree, index) for index in blocks)
        for line, blocks in by_line.items()
    }
    for line in sorted(by_line, key=lambda line: (-totals[line], line)):
        yield _reason(context, by_line[line], totals[line])
    yield from _elsewhere(context)


def _reason(context: TraceContext, blocks: list[int], total_ms: float) -> Why:
    victims = {victim for block in blocks for victim in context.victims[block]}
    reported = max(
        (int(context.number(block, names.BLOCKED_VICTIMS)) for block in blocks), default=0
    )
    count = max(len(victims), min(reported, 10**9))
    long = duration(total_ms)
    cause = _cause(context, blocks, total_ms)
    if any(is_unfinished(context.tree.spans[block]) for block in blocks):
        long, cause = f"at least {long}", f"{cause}, and was not seen to end"
    if count:
        were = "was" if count == 1 else "were"
        text = f"{_requests(count)} {were} blocked for {long} because {cause}"
    else:
        text = f"the event loop was blocked for {long} because {cause}; no other request waited"
    return Why(text, context.ids([*blocks, *sorted(victims)]))


def _cause(context: TraceContext, blocks: list[int], total_ms: float) -> str:
    """Return what ran, and how much of it was a full garbage collection."""
    what = _what(context, blocks)
    if len(blocks) > 1:
        what = what.replace(" on the event loop", f" on the event loop {len(blocks)} times", 1)
    what += _whose(context, blocks)
    collected = sum(context.number(block, names.BLOCKED_COLLECTION_MS) for block in blocks)
    part = share(min(collected, total_ms) * NS_PER_MS, total_ms * NS_PER_MS)
    if all(is_collection(context.tree.spans[block]) for block in blocks):
        return f"a full garbage collection paused the process ({part}) while {what}"
    if collected * LEAST_PART >= total_ms:
        return f"{what}, {part} of it in a full garbage collection"
    return what


def _whose(context: TraceContext, blocks: list[int]) -> str:
    """Return for whom it ran: a background task by its name, or no request at all."""
    tree, owners = context.tree, set()
    for block in blocks:
        at = tree.parents[block]
        while at != NO_PARENT and tree.spans[at].kind != "server":
            name = tree.spans[at].attributes.get(names.TASK_NAME)
            if isinstance(name, str) and name:
                owners.add(f", in the background task {clean(name)}")
                break
            at = tree.parents[at]
        else:
            has_owner = at != NO_PARENT or tree.spans[block].parent_id  # which may be missing
            owners.add("" if has_owner else NO_REQUEST)
    return owners.pop() if len(owners) == 1 else ""


def _what(context: TraceContext, blocks: list[int]) -> str:
    """`oversmoke slept on the event loop at app/views/tutorial.py:83`."""
    tree, block = context.tree, max(blocks, key=lambda index: block_ms(context.tree, index))
    kinds = {
        context.attribute(index, names.BLOCKED_KIND) for index in blocks if _kind(context, index)
    }
    did, rest = _DID[kinds.pop()] if len(kinds) == 1 else _UNKNOWN  # type: ignore[index]
    path, function = (
        context.attribute(block, key) for key in (names.CODE_FILE_PATH, names.CODE_FUNCTION_NAME)
    )
    if isinstance(function, str) and function:
        who = clean(function).rpartition(".")[2] or clean(function)
    else:
        parent = tree.parents[block]
        who = context.called(parent) if parent >= 0 else "something"
    if not (isinstance(path, str) and path):
        return f"{who} {did} on the event loop{rest}"
    line = plain(context.attribute(block, names.CODE_LINE_NUMBER))
    place = f"{clean(path)}{f':{clean(line)}' if line else ''}"
    return f"{who} {did} on the event loop at {place}{rest}"


def _kind(context: TraceContext, index: int) -> bool:
    kind = context.attribute(index, names.BLOCKED_KIND)
    return isinstance(kind, str) and kind in _DID


def _requests(count: int) -> str:
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    number = words[count - 1] if count <= len(words) else f"{count:,}"
    return f"{number} request{'' if count == 1 else 's'}"


def _elsewhere(context: TraceContext) -> Iterator[Why]:
    """Yield the requests of this trace that waited for a block in another trace."""
    spans = context.tree.spans
    if names.VICTIM_BLOCKED_BY not in context.tree.words and not context.tree.linked:
        return
    known = {span.span_id for span in spans}
    for index, span in enumerate(spans):
        for block in delays(span):
            if block.span_id not in known:
                most = "up to " if block.at_most else ""
                text = (
                    f"{context.subject(index)} was blocked for {most}{duration(block.ms)} "
                    "because another request blocked the event loop "
                    f"(trace {clean(block.trace_id, 40)})"
                )
                yield Why(text, context.ids([index]))
