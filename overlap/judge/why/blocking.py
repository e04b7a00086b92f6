"""Who stood still, for how long, and because of whose line. Many blocks by one line are one."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.findings.blocked import block_ms, culprit
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import plain
from overlap.judge.why.context import Scene
from overlap.trace.blocked_by import held_up

_DID = {
    names.BLOCK_SLEEP: "slept",
    names.BLOCK_CPU: "computed",
    names.BLOCK_DNS: "looked up a host's address",
    names.BLOCK_FILE: "read or wrote a file",
    names.BLOCK_LOCK: "waited for a lock that a thread held",
    names.BLOCK_NETWORK: "waited for the network",
    names.BLOCK_PROCESS: "waited for another process",
    names.BLOCK_WAIT: "waited",
}
_UNTOLD = "stayed"


def reasons(scene: Scene) -> Iterator[Why]:
    """Each line that held the loop, the longest in all first; then blocks in other traces."""
    by_line: dict[str, list[int]] = {}
    for index in scene.victims:
        by_line.setdefault(culprit(scene.tree, index), []).append(index)
    totals = {
        line: sum(block_ms(scene.tree, index) for index in blocks)
        for line, blocks in by_line.items()
    }
    for line in sorted(by_line, key=lambda line: (-totals[line], line)):
        yield _reason(scene, by_line[line], totals[line])
    yield from _elsewhere(scene)


def _reason(scene: Scene, blocks: list[int], total_ms: float) -> Why:
    victims = {victim for block in blocks for victim in scene.victims[block]}
    told = max((int(scene.number(block, names.BLOCKED_VICTIMS)) for block in blocks), default=0)
    count = max(len(victims), min(told, 10**9))
    long = duration(total_ms)
    what = _what(scene, blocks)
    if len(blocks) > 1:
        what = what.replace(" on the loop", f" on the loop {len(blocks)} times", 1)
    if count:
        requests = _requests(count)
        text = f"{requests} stood still for {long} because {what}"
    else:
        text = f"the loop stood still for {long}, though nobody else waited, because {what}"
    return Why(text, scene.ids([*blocks, *sorted(victims)]))


def _what(scene: Scene, blocks: list[int]) -> str:
    """`oversmoke slept on the loop at app/views/tutorial.py:83`."""
    tree, block = scene.tree, max(blocks, key=lambda index: block_ms(scene.tree, index))
    kinds = {scene.attribute(index, names.BLOCKED_KIND) for index in blocks if _kind(scene, index)}
    did = _DID[kinds.pop()] if len(kinds) == 1 else _UNTOLD  # type: ignore[index]
    path, function = (
        scene.attribute(block, key) for key in (names.CODE_FILE_PATH, names.CODE_FUNCTION_NAME)
    )
    if isinstance(function, str) and function:
        who = clean(function).rpartition(".")[2] or clean(function)
    else:
        parent = tree.parents[block]
        who = scene.called(parent) if parent >= 0 else "something"
    if not (isinstance(path, str) and path):
        return f"{who} {did} on the loop"
    line = plain(scene.attribute(block, names.CODE_LINE_NUMBER))
    return f"{who} {did} on the loop at {clean(path)}{f':{clean(line)}' if line else ''}"


def _kind(scene: Scene, index: int) -> bool:
    kind = scene.attribute(index, names.BLOCKED_KIND)
    return isinstance(kind, str) and kind in _DID


def _requests(count: int) -> str:
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    number = words[count - 1] if count <= len(words) else f"{count:,}"
    return f"{number} request{'' if count == 1 else 's'}"


def _elsewhere(scene: Scene) -> Iterator[Why]:
    """Requests of this trace that a block in another trace held up."""
    known = {span.span_id for span in scene.tree.spans}
    for index, span in enumerate(scene.tree.spans):
        for block in held_up(span):
            if block.span_id not in known:
                most = "up to " if block.at_most else ""
                text = (
                    f"{scene.subject(index)} stood still for {most}{duration(block.ms)} "
                    f"because another request held the loop (trace {clean(block.trace_id, 40)})"
                )
                yield Why(text, scene.ids([index]))
