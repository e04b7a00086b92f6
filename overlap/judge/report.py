"""A verdict for the terminal, as rich renderables. Names from a trace never act as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.judge.model import RECORDED, TIMING, Group, SelfTime, Verdict
from overlap.judge.summary import advised, clean, duration, listing, outcome, sentence

MOST_ROWS: Final = 20
"""Rows of each kind; --json has them all."""
MOST_SELF_TIMES: Final = 5
_ARROW: Final = " > "
_EVIDENCE: Final = {
    RECORDED: "the critical path is what tasks waited for, as recorded",
    TIMING: "the critical path is judged by times: what waited for what is not recorded",
}


def report(verdict: Verdict) -> RenderableType:
    """Return the whole verdict: its sentence, a table of groups, and a line for each finding."""
    parts: list[RenderableType] = [
        Text.assemble((", ".join(verdict.shapes), "bold"), "  ", (clean(verdict.trace_id), "dim")),
        Text(sentence(verdict).partition(": ")[2]),  # without the shapes: they stand above it
    ]
    if verdict.groups:
        parts.append(_groups(verdict.groups))
    parts.extend(_findings(verdict))
    return Renderables(*parts)


def _groups(groups: Sequence[Group]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("group", overflow="fold")
    table.add_column("stages", overflow="fold")
    for heading in ("overlap", "peak", "wall", "work"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("critical path", overflow="fold")
    # Groups of one say the least; of the others the longest say the most.
    ordered = sorted(groups, key=lambda group: (sum(map(len, group.stages)) == 1, -group.wall_ms))
    for group in ordered[:MOST_ROWS]:
        table.add_row(
            Text(clean(group.parent)),
            Text(_chain([f"{{{listing(stage)}}}" for stage in group.stages])),
            Text(f"{group.overlap_factor:.2f}"),
            Text(str(group.peak)),
            Text(duration(group.wall_ms)),
            Text(duration(group.work_ms)),
            Text(_chain([clean(name) for name in group.critical_path])),
        )
    if len(groups) > MOST_ROWS:
        table.add_row(Text(f"and {len(groups) - MOST_ROWS} more groups", style="dim"))
    return table


def _chain(links: Sequence[str]) -> str:
    if len(links) <= 2 * 4:
        return _ARROW.join(links)
    return _ARROW.join([*links[:4], f"({len(links) - 8} more)", *links[-4:]])


def _findings(verdict: Verdict) -> Iterator[Text]:
    yield from _lines(
        "blocked",
        "red",
        (
            f"{duration(item.ms)} at {clean(item.culprit)}; waited: "
            + (listing(item.victims) if item.victims else "nobody")
            for item in verdict.blocked
        ),
    )
    yield from _lines(
        "background",
        "magenta",
        (
            f"{clean(item.span)} ended {duration(item.outlived_ms)} after its response"
            for item in verdict.background
        ),
    )
    yield from _lines(
        "offloaded",
        "cyan",
        (f"{clean(item.span)} in thread {clean(item.thread)}" for item in verdict.offloaded),
    )
    queued = (f"{clean(item.task)}: {outcome(item)}" for item in verdict.handed)
    yield from _lines("queued", "cyan", queued)
    yield from _lines("lost", "red", map(clean, verdict.lost))
    yield from _lines("why", "green", (each.text for each in verdict.why))
    yield from _lines("advice", "cyan", advised(verdict))
    if len(verdict.self_time) > 1:  # a path of one span is that span
        own = verdict.self_time[:MOST_SELF_TIMES]
        yield from _lines("self-time", "blue", map(_self_time, own))
    if verdict.critical_path:
        yield from _lines("evidence", "blue", [_EVIDENCE[verdict.evidence]])
    yield from _lines("note", "yellow", verdict.warnings)


def _self_time(item: SelfTime) -> str:
    return f"{clean(item.span)} {duration(item.ms)}, {item.share:.0%} of the critical path"


def _lines(label: str, style: str, sentences: Iterable[str]) -> Iterator[Text]:
    """Yield a line for each sentence, equal ones counted; at most MOST_ROWS."""
    counts = Counter(sentences)
    for text, count in [*counts.items()][:MOST_ROWS]:
        times = f"{count} x " if count > 1 else ""
        yield Text.assemble((f"{label:<11}", style), f"{times}{text}")
    if len(counts) > MOST_ROWS:
        more = sum([*counts.values()][MOST_ROWS:])
        yield Text.assemble((f"{label:<11}", style), f"and {more:,} more")
