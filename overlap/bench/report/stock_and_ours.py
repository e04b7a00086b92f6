"""The page "stock and ours": the same five requests, traced by both, side by side.

`python -m overlap.bench.report.stock_and_ours > docs/stock-and-ours.md`; needs the `bench` extra.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from overlap.bench.load.fetch import fetch
from overlap.bench.server.log import error_lines
from overlap.bench.server.process import Failed, Server, running_sink
from overlap.bench.server.sink import RESET, TRACES
from overlap.bench.server.variants import VARIANTS, missing_sentence
from overlap.draw import picture
from overlap.errors import OverlapError
from overlap.judge import verdict
from overlap.trace import Trace, read

WIDTH = 56
"""Columns of one side: two fit beside each other in a page's code block."""
SETTLED_S = 1.0
"""No span for so long, and a request's are taken to be all there. The queues wait 0.2 s."""
SETTLED_WITHIN_S = 8.0
_BATCH = {"OTEL_BSP_SCHEDULE_DELAY": "200"}  # both alike, and soon


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the page."""

    title: str
    path: str
    says: str
    see: str = ""
    """Where the two differ."""
    gone_after_s: float | None = None
    """When the client goes away; None: it stays for the whole answer."""


@dataclass(slots=True)
class Side:
    """What one instrument made of it."""

    taken_ms: float
    """As the client saw it."""
    errors: int
    traces: list[Trace] = field(default_factory=list)


ASKED = (
    Asked(
        "The root route",
        "/",
        "An async view that answers at once; its route is empty.",
        "Stock has no name for it but the method.",
    ),
    Asked(
        "An async view",
        "/smoke/",
        "Two steps at once, then one; each step is a span of the view's own.",
        "The same but for the slash; what stock costs does not show in one request's trace.",
    ),
    Asked(
        "A sync view",
        "/smoke_in_a_thread/",
        "Two steps, one after the other, in the thread that Django gives a sync view.",
        "Ours says that the steps ran on a thread, and on which.",
    ),
    Asked(
        "A streaming response",
        "/stream/",
        "Three parts, each made while the response is under way.",
        "Stock's server span ends before the first part, and each part is a trace of its own.",
    ),
    Asked(
        "A client that goes away",
        "/patience/",
        "The view works for ten seconds; its client leaves after a fifth of one.",
        "Stock's server span never comes, and its step has lost its parent; ours ends when the "
        "client goes, with an event that says so.",
        gone_after_s=0.2,
    ),
)
_INTRO = """# Stock and ours

The same five requests, to the same site, under the same server: on the left traced by
`DjangoInstrumentor` (opentelemetry-instrumentation-django with its `asgi` extra, and the SDK as it
comes), on the right by `overlap.instrument()`. The views are in `overlap/bench/site/views.py`; each
picture is drawn by `overlap.draw` from the spans that arrived over OTLP. Written by
`make stock-and-ours`; the times are one run's.
"""


def page(asked: Sequence[Asked] = ASKED) -> Iterator[str]:
    """The page, a block at a time. Raises OverlapError where stock can't be served."""
    stock, ours = (_serve(name, asked) for name in ("stock", "overlap"))
    yield _INTRO
    for one, left, right in zip(asked, stock, ours, strict=True):
        yield block(one, left, right)


def block(one: Asked, stock: Side, ours: Side) -> str:
    """One request: what it is, what differs, and both traces drawn beside each other."""
    drawn = "\n".join(_beside(_drawn(stock), _drawn(ours)))
    return (
        f"## {one.title}\n\n`GET {one.path}`: {one.says} {one.see}\n\n"
        f"{_table(stock, ours)}\n```text\n{drawn}\n```\n"
    )


def _serve(name: str, asked: Sequence[Asked]) -> list[Side]:
    variant = VARIANTS[name]
    if variant.missing:
        raise OverlapError(missing_sentence(variant))
    with (
        tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder,
        running_sink("--keep") as sink,
    ):
        with Server(variant, sink, Path(folder), _BATCH) as server:
            asyncio.run(_ask(server.url, Asked("", "/sync/", "")))  # imports and the first thread
            _settled(sink)
            sides = [_side(server, sink, one) for one in asked]
        # What a request left behind may be told of only at the end.
        late = error_lines(server.log.read_text(errors="replace")) - sum(e.errors for e in sides)
        sides[-1].errors += late
        return sides


def _side(server: Server, sink: str, asked: Asked) -> Side:
    print(f"{server.variant.name}: GET {asked.path}", file=sys.stderr)
    fetch(sink + RESET, method="POST")
    before = error_lines(server.log.read_text(errors="replace"))
    began = time.perf_counter()
    asyncio.run(_ask(server.url, asked))
    taken_ms = (time.perf_counter() - began) * 1000
    body = _settled(sink)
    errors = error_lines(server.log.read_text(errors="replace")) - before
    return Side(taken_ms, errors, read(body, empty_ok=True) if body else [])


async def _ask(url: str, asked: Asked) -> None:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {asked.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    with suppress(TimeoutError):
        async with asyncio.timeout(asked.gone_after_s or 30.0):
            await reader.read()
    writer.close()


def _settled(sink: str) -> bytes:
    """All spans that came, once none has come for a while."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    body, since = b"", time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < SETTLED_S:
        time.sleep(0.1)
        if (now := fetch(sink + TRACES)) != body:
            body, since = now, time.monotonic()
    return body


def _table(stock: Side, ours: Side) -> str:
    rows = [("", "stock", "ours"), ("---", "---", "---")]
    rows += [
        (what, say(stock), say(ours))
        for what, say in (
            ("server span", _server_span),
            ("traces", lambda side: str(len(side.traces))),
            ("errors in the log", lambda side: str(side.errors)),
        )
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _server_span(side: Side) -> str:
    for trace in side.traces:
        for span in trace.spans:
            if span.kind == "server" and span.end_ns:
                lasted_ms = (span.end_ns - span.start_ns) / 1_000_000
                return f"`{span.name}`, {lasted_ms:.0f} ms of the request's {side.taken_ms:.0f} ms"
    return f"none for the request's {side.taken_ms:.0f} ms"


def _drawn(side: Side) -> list[str]:
    lines = []
    for trace in sorted(side.traces, key=lambda each: min(s.start_ns for s in each.spans)):
        text = io.StringIO()
        console = Console(file=text, width=WIDTH, color_system=None, legacy_windows=False)
        console.print(picture(trace, verdict(trace), width=WIDTH))
        lines += [*text.getvalue().rstrip("\n").split("\n"), ""]
    return lines[:-1] or ["no span arrived"]


def _beside(left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
    yield f"{'stock':<{WIDTH}} │ ours"
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one}{' ' * (WIDTH - cell_len(one))} │ {other}".rstrip()


def main() -> int:
    """Write the page to standard output: 0, or 2 with one sentence why not."""
    try:
        text = "\n".join(page())
    except (Failed, OverlapError) as error:
        print(f"stock_and_ours: {error}", file=sys.stderr)
        return 2
    print(text.rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
