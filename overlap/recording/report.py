"""A recording for the terminal, as rich renderables. Names never act as markup."""

from __future__ import annotations

import time

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overlap.draw.tables import heading, new_table
from overlap.judge.summary import clean, duration
from overlap.recording.summary import Summary

MOST_ROWS = 20
"""Rows of each kind; --json has them all."""
NARROW = 120
"""With fewer columns there is no room for all of a request's figures, and for its trace id."""
_SHORT = 8


def report(found: Summary, columns: int = NARROW) -> RenderableType:
    """Return the report: why it was written, the slowest requests, and what happened meanwhile.

    columns: how wide it is shown.
    """
    parts: list[RenderableType] = [Text(line) for line in _head(found)]
    if found.blocks:
        parts += [heading("What blocked the event loop"), _blocks(found)]
    if found.slowest:
        parts += [
            heading("The slowest requests, those in progress first"),
            _requests(found, is_narrow=columns < NARROW),
        ]
    if found.hops:
        parts += [heading("To a thread and back"), _hops(found)]
    if found.connections:
        parts += [heading("Database connections"), _connections(found)]
    if found.pool_waits:
        parts += [heading("Waits for a connection of a pool"), _pool_waits(found)]
    if found.collections:
        took = duration(found.collections_ms)
        parts.append(Text(f"\nfull garbage collections: {found.collections:,}, {took} in total"))
    parts += [Text(f"lost: {clean(task)}") for task in found.lost[:MOST_ROWS]]
    if found.rested_ms:
        parts.append(
            Text(
                f"note: steps were not recorded for {duration(found.rested_ms)}, in which there "
                "were many requests, and none that lasted"
            )
        )
    if found.left_out:
        parts.append(Text(f"note: {found.left_out:,} records were half written and left out"))
    return Renderables(*parts)


def _head(found: Summary) -> list[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(found.at_ns / 1e9))
    why = clean(found.reason) or "not written out: the ring itself"
    return [
        f"{clean(found.service)}, process {found.pid}: {why} ({when} UTC)",
        f"{found.requests:,} requests, {found.in_progress:,} of them in progress, and "
        f"{found.steps:,} steps in the last {duration(found.seconds * 1000)}",
    ]


def _time(at_ns: int) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at_ns / 1e9)) + f".{at_ns // 1_000_000 % 1000:03d}"


def _blocks(found: Summary) -> Table:
    table = new_table("at", "blocked for", "victims", "By")
    for each in sorted(found.blocks, key=lambda each: -each["ms"])[:MOST_ROWS]:
        took = f"{duration(each['ms'])}{' and on' if each['lasts'] else ''}"
        table.add_row(_time(each["at_ns"]), took, f"{each['victims']:,}", Text(clean(each["what"])))
    return table


def _requests(found: Summary, *, is_narrow: bool) -> Table:
    columns = ["Request", "took", "ran", "ready", "threads", "Ended", "Trace"]
    if not is_narrow:
        columns = ["begin", *columns[:-2], "longest step", *columns[-2:]]
    table = new_table(*columns)
    for each in found.slowest[:MOST_ROWS]:
        ended = f"{each.status or ''} {each.outcome if each.outcome != 'answered' else ''}".strip()
        cells: list[RenderableType] = [
            Text(clean(each.name)),
            "" if each.ms is None else duration(each.ms),
            duration(each.running_ms),
            duration(each.ready_ms),
            duration(each.threads_ms),
            Text(ended),
            Text(each.trace_id[:_SHORT] if is_narrow else each.trace_id),
        ]
        if not is_narrow:
            cells = [_time(each.at_ns), *cells[:-2], duration(each.longest_ms), *cells[-2:]]
        table.add_row(*cells)
    return table


def _hops(found: Summary) -> Table:
    table = new_table("Route", "Why", "calls", "a request", "ms a request", "queued", "Function")
    for each in found.hops[:MOST_ROWS]:
        requests = max(1, each.requests)
        table.add_row(
            Text(clean(each.route)),
            Text(each.cause),
            f"{each.calls:,}",
            f"{each.calls / requests:.1f}",
            f"{(each.queued_ms + each.running_ms) / requests:.2f}",
            duration(each.queued_ms),
            Text(clean(each.function)),
        )
    return table


def _connections(found: Summary) -> Table:
    table = new_table(
        "Database and thread", "opened", "closed", "kept", "leaked", "connecting", "Opened By"
    )
    for each in found.connections_by_request[:MOST_ROWS]:
        counts = (each.opened, each.closed, each.kept, each.leaked)
        table.add_row(
            Text(clean(each.alias)),
            *(f"{count:,}" for count in counts),
            duration(each.connect_ms),
            Text(clean(each.request)),
        )
    return table


def _pool_waits(found: Summary) -> Table:
    table = new_table("At", "waited", "Pool", "Request", "End")
    for each in sorted(found.pool_waits, key=lambda each: -each["ms"])[:MOST_ROWS]:
        table.add_row(
            _time(each["at_ns"]),
            duration(each["ms"]),
            Text(clean(each["pool"])),
            Text(clean(each["request"])),
            "given up" if each["given_up"] else "",
        )
    return table
