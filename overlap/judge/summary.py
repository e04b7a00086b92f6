"""A verdict in one sentence, for the terminal and the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from overlap.judge.findings.blocked import COLLECTION
from overlap.judge.findings.groups import is_concurrent, is_serial
from overlap.judge.findings.uncovered import is_much
from overlap.judge.model import (
    CONCURRENT,
    PROCESSES,
    SERIAL,
    SINGLE,
    Advice,
    Blocked,
    Group,
    QueuedTask,
    Verdict,
)

MOST_NAMES: Final = 4
MOST_STAGES: Final = 4
MOST_CHARACTERS: Final = 120
MOST_OF_A_SENTENCE: Final = 1600
MOST_MARKS: Final = 4
"""Combining marks on one letter: Thai, Hebrew and Vietnamese need up to three."""


def sentence(verdict: Verdict) -> str:
    """Return what the verdict shows: its shapes, and the most important instance of each.

    Names from the trace come without control characters and cut to a readable
    length; they are not escaped for HTML or for rich.
    """
    return f"{', '.join(verdict.shapes)}: {'; '.join(_clauses(verdict))}."


def by_gain(verdict: Verdict) -> list[Advice]:
    """Return the advice, what saves most first."""
    return sorted(verdict.advice, key=lambda item: (-item.saves_ms, -item.others_ms))


def advised(verdict: Verdict) -> list[str]:
    """Return each advice as a sentence with its gain and its condition, what saves most first."""
    return [clean(item.text, MOST_OF_A_SENTENCE) for item in by_gain(verdict)]


def clean(name: str, most: int = MOST_CHARACTERS) -> str:
    """Return a name from a trace, safe to print: unprintable characters become question marks."""
    return _printable(name if len(name) <= most else name[: most - 3] + "...")


@lru_cache(maxsize=2048)  # the same names recur in every trace
def _printable(name: str) -> str:
    shown = name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)
    return (shown if shown.isascii() else without_piles(shown)) or "(no name)"


def without_piles(text: str) -> str:
    """Return text with at most MOST_MARKS combining marks on one letter: more cover other lines."""
    marks, kept = 0, []
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def duration(ms: float) -> str:
    """Return milliseconds as text: `0.4 ms`, `250 ms`, `5.0 s`."""
    if ms >= 1000:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def listing(names: Sequence[str]) -> str:
    """Return names as a list in words, equal ones counted: `get_flavor, 6 x smoke and 3 more`."""
    counts: dict[str, int] = {}  # Counter's own set-up takes longer than most of these lists
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    counted = list(counts.items())
    shown = [clean(name) if n == 1 else f"{n} x {clean(name)}" for name, n in counted[:MOST_NAMES]]
    if more := sum(n for _, n in counted[MOST_NAMES:]):
        shown.append(f"{more} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _clauses(verdict: Verdict) -> Iterator[str]:
    shapes = verdict.shapes
    concurrent = [group for group in verdict.groups if is_concurrent(group)]
    serial = [group for group in verdict.groups if is_serial(group)]
    if CONCURRENT in shapes and concurrent:
        yield from _concurrent(verdict, max(concurrent, key=lambda group: group.wall_ms))
    if SERIAL in shapes and serial:
        longest = max(serial, key=lambda group: group.wall_ms)
        names = [name for stage in longest.stages for name in stage]
        yield f"{listing(names)} ran one after another, in {duration(longest.wall_ms)}"
    if verdict.blocked:
        yield from _blocking(verdict)
    if verdict.background:
        first, *others = verdict.background
        more = f", and so did {_count(len(others), 'more span')}" if others else ""
        past = f"{duration(first.outlived_ms)} after the response"
        yield f"{clean(first.span)} continued for {past}{more}"
    if verdict.lost:
        was = "was" if len(verdict.lost) == 1 else "were"
        task = _count(len(verdict.lost), "background task")
        yield f"{task} {was} lost: {listing(verdict.lost)}"
    if verdict.handed:
        yield f"queued {_count(len(verdict.handed), 'task')}: {_queued(verdict.handed)}"
    if verdict.offloaded:
        names = [item.span for item in verdict.offloaded]
        threads = {item.thread for item in verdict.offloaded}
        where = f"thread {clean(threads.pop())}" if len(threads) == 1 else f"{len(threads)} threads"
        its = "its" if len(names) == 1 else "their"
        yield f"{listing(names)} ran in {where}, not on the thread of {its} parent"
    if SINGLE in shapes:
        whole = sum(each.ms for each in verdict.self_time)
        if is_much(verdict.uncovered_ms, whole):
            yield "no spans ran at once, one after another or after the response"
            yield f"{duration(verdict.uncovered_ms)} of {duration(whole)} have no span"
        else:
            yield "nothing ran at once, one after another or after the response"


def outcome(item: QueuedTask) -> str:
    """Return how a queued task ended: `done by smokehouse-worker after 3 tries`."""
    by = f" by {clean(item.worker)}" if item.worker else ""
    tries = f" after {item.tries} tries" if item.tries > 1 else ""
    return f"{item.end}{by}{tries}"


def _queued(handed: Sequence[QueuedTask]) -> str:
    return listing([f"{clean(item.task)} {outcome(item)}" for item in handed])


def _concurrent(verdict: Verdict, group: Group) -> Iterator[str]:
    # That some ran at once matters more than what ran before them.
    first = next(place for place, stage in enumerate(group.stages) if len(stage) > 1)
    before = [name for stage in group.stages[:first] for name in stage]
    after = f" after {listing(before)}" if before else ""
    what = f"{listing(group.stages[first])} ran at once{after}"
    if any(
        each.parent_id == group.parent_id for each in verdict.advice if each.change == PROCESSES
    ):
        yield f"{what} by the clock, but took turns to compute"
    else:
        yield f"{what}, {group.overlap_factor:.2f} times the work in the same time"
    rest = group.stages[first + 1 :]
    for stage in rest[:MOST_STAGES]:
        yield f"then {listing(stage)}"
    if len(rest) > MOST_STAGES:
        yield f"then {_count(len(rest) - MOST_STAGES, 'more stage')}"


def _blocking(verdict: Verdict) -> Iterator[str]:
    worst = max(verdict.blocked, key=lambda block: block.ms)
    waits = sum(len(block.victims) for block in verdict.blocked)
    if len(verdict.blocked) == 1:
        yield f"the event loop was blocked for {duration(worst.ms)} {_by(worst)}"
        yield f"{_count(waits, 'request')} waited" if waits else "no other request waited"
        return
    total = sum(block.ms for block in verdict.blocked)
    yield (
        f"the event loop was blocked {len(verdict.blocked)} times, {duration(total)} in all, "
        f"longest {_by(worst)}"
    )
    yield f"requests waited {_count(waits, 'time')}" if waits else "no other request waited"


def _by(block: Blocked) -> str:
    if block.culprit == COLLECTION:
        return f"by {COLLECTION}"
    return f"at {clean(block.culprit)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
