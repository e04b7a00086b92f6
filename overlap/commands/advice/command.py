"""`overlap advice`: what to change, how sure that is, and the change as a diff."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from overlap.commands.reading import traces
from overlap.errors import OverlapError
from overlap.judge import Advice, verdict
from overlap.proof import graded
from overlap.trace import Trace

MOST: int = 20
"""The most pieces of advice that are printed."""


@click.command("advice")
@click.argument("found", metavar="TRACES...", nargs=-1, required=True)
@click.option(
    "--source", metavar="DIR", default=None, help="The folder of the code that made the traces."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--traces-url", default=None, help="Where a trace id is looked up: Jaeger's v3 API.")
def command(
    found: tuple[str, ...], source: str | None, as_json: bool, traces_url: str | None
) -> None:
    """Advise what to change, from traces and the code that made them.

    TRACES are files, trace ids or - for standard input, as for `overlap verdict`. Advice to gather
    is proven where the source shows that no call uses another's result, seen where other of these
    traces show them at once, otherwise possible. The change is shown as a diff; nothing is changed.
    """
    if source is not None and not Path(source).is_dir():
        raise OverlapError(f"--source {source!a} is no folder")
    read = [trace for what in found for trace in traces(what, traces_url)]
    every = _advice(read, None if source is None else Path(source))
    if as_json:
        rows = [msgspec.to_builtins(item) | {"trace_id": trace_id} for item, trace_id in every]
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode({"advice": rows})) + b"\n")
        return
    _show([item for item, _ in every], len(read))


def _advice(read: Sequence[Trace], source: Path | None) -> list[tuple[Advice, str]]:
    """Return the advice on all traces, each change once: that of the trace where it saves most."""
    best: dict[Any, tuple[Advice, str]] = {}
    for trace in read:
        for item in graded(verdict(trace).advice, trace, read, source):
            names = {span.span_id: span.name for span in trace.spans}
            key = (item.change, item.at, item.parent, *(names.get(i) for i in item.span_ids))
            if key not in best or item.saves_ms > best[key][0].saves_ms:
                best[key] = (item, trace.trace_id)
    return sorted(best.values(), key=lambda each: (-each[0].saves_ms, -each[0].others_ms, each[1]))


def _show(every: Sequence[Advice], count: int) -> None:
    from rich.console import Console
    from rich.text import Text

    from overlap.judge.summary import MOST_OF_A_SENTENCE, clean

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not every:
        console.print(f"nothing to advise in {count} trace{'s' * (count != 1)}")
    for item in every[:MOST]:
        label = f"{item.evidence or item.change:<9} "
        console.print(Text.assemble((label, "cyan"), clean(item.text, MOST_OF_A_SENTENCE)))
        if item.at:
            console.print(Text(f"{'':<10}at {clean(item.at)}", style="dim"))
        for line in item.diff.splitlines():
            style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
            console.print(Text(f"{'':<10}{_printable(line)}", style=style))
    if len(every) > MOST:
        console.print(f"and {len(every) - MOST} more; --json has them all")


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in line)
