"""A call that blocks the event loop could run elsewhere, or be awaited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.advice.requests import Change, Requests
from overlap.judge.findings.blocked import block_ms, culprit, is_collection
from overlap.judge.model import Advice
from overlap.judge.summary import clean
from overlap.judge.tree.span_tree import NS_PER_MS, plain
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.blocked_by import delays

OFF_LOOP: Final = "off_loop"
_HOW = {
    names.BLOCK_SLEEP: "await it, with asyncio.sleep",
    names.BLOCK_CPU: "run it in another process",
    names.BLOCK_LOOP_FUTURE: "await the coroutine itself",
    names.BLOCK_DNS: "await it, or run it in a thread",
    names.BLOCK_NETWORK: "await it with an async client, or run it in a thread",
}
_IN_A_THREAD: Final = "run it in a thread, with asyncio.to_thread"


def advice(requests: Requests) -> Iterator[Advice]:
    """Yield advice for each line that blocked; what it gains is the others' time."""
    tree = requests.tree
    by_line: dict[str, list[int]] = {}
    for block in requests.context.victims:
        if tree.parents[block] != NO_PARENT and not is_collection(tree.spans[block]):
            by_line.setdefault(culprit(tree, block), []).append(block)
    for line, blocks in by_line.items():
        worst = max(blocks, key=lambda block: block_ms(tree, block))
        kind = requests.context.attribute(worst, names.BLOCKED_KIND)
        how = _HOW.get(kind, _IN_A_THREAD) if isinstance(kind, str) else _IN_A_THREAD
        if kind == names.BLOCK_SLEEP and _is_in_a_library(requests, worst):
            how = _IN_A_THREAD
        found = requests.advice(
            Change(
                change=OFF_LOOP,
                spans=blocks,
                parent=tree.parents[worst],
                do=f"take {clean(line)} off the event loop ({how})",
                condition="",
                others_ns=sum(_delay(requests, block) for block in blocks),
                at=line,
            )
        )
        if found:
            yield found


def _is_in_a_library(requests: Requests, block: int) -> bool:
    """Return whether a library slept, which the user's line had called: a retry, for example."""
    stack = requests.context.attribute(block, names.CODE_STACKTRACE)
    frames = [line for line in str(stack or "").splitlines() if line.startswith('  File "')]
    path, line = (
        plain(requests.context.attribute(block, key))
        for key in (names.CODE_FILE_PATH, names.CODE_LINE_NUMBER)
    )
    return bool(frames) and not frames[-1].startswith(f'  File "{path}", line {line},')


def _delay(requests: Requests, block: int) -> int:
    """Return how long the victims of a block waited for it, all together, in ns."""
    tree = requests.tree
    span_id = tree.spans[block].span_id
    total = 0
    for victim in requests.context.victims[block]:
        known = [delay for delay in delays(tree.spans[victim]) if delay.span_id == span_id]
        start, parent = tree.starts[victim], tree.parents[victim]
        was_sent = parent != NO_PARENT and tree.spans[parent].kind == "client"
        if was_sent:
            start = min(start, tree.starts[parent])  # it was sent, and not yet received
        waited = min(tree.ends[victim], tree.ends[block]) - max(start, tree.starts[block])
        if known and was_sent and known[0].at_most:
            # The server knows only that it was sent during the block; the client knows when.
            total += max(0, min(waited, round(known[0].ms * NS_PER_MS)))
        else:
            total += round(known[0].ms * NS_PER_MS) if known else max(0, waited)
    return total
