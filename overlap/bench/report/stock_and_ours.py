"""The page "stock and ours": the same five requests, traced by both, side by side.

`make stock-and-ours` writes it to docs/explanation/; needs the `bench` extra.
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

from overlap.bench.server.fetch import fetch
from overlap.bench.server.log import error_lines
from overlap.bench.server.process import Failed, Server, running_sink
from overlap.bench.server.sink import RESET, TRACES
from overlap.bench.server.variants import VARIANTS, missing_sentence
from overlap.draw import picture
from overlap.errors import OverlapError
from overlap.judge import verdict
from overlap.trace import Trace, read

WIDTH = 56
"""Columns of one side: two fit next to each other in a code block."""
SETTLED_S = 1.0
"""After this long without a new span a request is complete. The queues wait 0.2 s."""
SETTLED_WITHIN_S = 8.0
_BATCH = {"OTEL_BSP_SCHEDULE_DELAY": "200"}  # the same for both, and short


@dataclass(frozen=True, slots=True)
class Case:
    """One request of the page."""

    title: str
    path: str
    says: str
    see: str = ""
    """How the two differ."""
    disconnect_after_s: float | None = None
    """When the client disconnects; None: it reads the whole answer."""


@dataclass(slots=True)
class Side:
    """The traces and errors of one instrumentation."""

    taken_ms: float
    """As the client saw it."""
    errors: int
    traces: list[Trace] = field(default_factory=list)


CASES = (
    Case(
        "The root route",
        "/",
        "An async view that answers at once; its route is empty.",
        "Stock has no name for it but the method.",
    ),
    Case(
        "An async view",
        "/smoke/",
        "Two steps at once, then one; each step is a span of the view's own.",
        "The same but for the slash; what stock costs does not show in one request's trace.",
    ),
    Case(
        "A sync view",
        "/smoke_in_a_thread/",
        "Two steps, one after the other, in the thread that Django gives a sync view.",
        "Ours says that the steps ran on a thread, and on which.",
    ),
    Case(
        "A streaming response",
        "/stream/",
        "Three parts, each made while the response is under way.",
        "Stock's server span ends before the first part, and each part is a trace of its own.",
    ),
    Case(
        "A client that disconnects",
        "/patience/",
        "The view works for ten seconds; its client leaves after a fifth of one.",
        "Stock's server span is missing, so its step has no parent; ours ends when the client "
        "disconnects, with an event that says so.",
        disconnect_after_s=0.2,
    ),
)
_INTRO = """# Stock and ours

The same five requests, to the same site, under the same server: on the left traced by
`DjangoInstrumentor` (opentelemetry-instrumentation-django with its `asgi` extra, and the SDK as it
comes), on the right by `overlap.instrument()`. The views are in `overlap/bench/site/views.py`; each
picture is drawn by `overlap.draw` from the spans that arrived over OTLP. Written by
`make stock-and-ours`; the times are one run's.
"""


def page(cases: Sequence[Case] = CASES) -> Iterator[str]:
    """Yield the page by blocks. Raise OverlapError if stock can't be served."""
    stock, ours = (_serve(name, cases) for name in ("stock", "overlap"))
    yield _INTRO
    for one, left, right in zip(cases, stock, ours, strict=True):
        yield block(one, left, right)


def block(one: Case, stock: Side, ours: Side) -> str:
    """Return one request's block: description, differences, and both traces side by side."""
    drawn = "\n".join(_side_by_side(_picture_lines(stock), _picture_lines(ours)))
    return (
        f"## {one.title}\n\n`GET {one.path}`: {one.says} {one.see}\n\n"
        f"{_table(stock, ours)}\n```text\n{drawn}\n```\n"
    )


def _serve(name: str, cases: Sequence[Case]) -> list[Side]:
    variant = VARIANTS[name]
    if variant.missing:
        raise OverlapError(missing_sentence(variant))
    with (
        tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder,
        running_sink("--keep") as sink,
    ):
        with Server(variant, sink, Path(folder), _BATCH) as server:
            asyncio.run(
                _request(server.url, Case("", "/sync/", ""))
            )  # imports and the first thread
            _wait_for_spans(sink)
            sides = [_side(server, sink, one) for one in cases]
        # Some errors are logged only when the server ends.
        at_exit = error_lines(server.log.read_text(errors="replace")) - sum(e.errors for e in sides)
        sides[-1].errors += at_exit
        return sides


def _side(server: Server, sink: str, cases: Case) -> Side:
    print(f"{server.variant.name}: GET {cases.path}", file=sys.stderr)
    fetch(sink + RESET, method="POST")
    before = error_lines(server.log.read_text(errors="replace"))
    began = time.perf_counter()
    asyncio.run(_request(server.url, cases))
    taken_ms = (time.perf_counter() - began) * 1000
    body = _wait_for_spans(sink)
    errors = error_lines(server.log.read_text(errors="replace")) - before
    return Side(taken_ms, errors, read(body, empty_ok=True) if body else [])


async def _request(url: str, cases: Case) -> None:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {cases.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    with suppress(TimeoutError):
        async with asyncio.timeout(cases.disconnect_after_s or 30.0):
            await reader.read()
    writer.close()


def _wait_for_spans(sink: str) -> bytes:
    """Return all spans when none has arrived for a while."""
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


def _picture_lines(side: Side) -> list[str]:
    lines = []
    for trace in sorted(side.traces, key=lambda each: min(s.start_ns for s in each.spans)):
        text = io.StringIO()
        console = Console(file=text, width=WIDTH, color_system=None, legacy_windows=False)
        console.print(picture(trace, verdict(trace), width=WIDTH))
        lines += [*text.getvalue().rstrip("\n").split("\n"), ""]
    return lines[:-1] or ["no span arrived"]


def _side_by_side(left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
    yield f"{'stock':<{WIDTH}} │ ours"
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one}{' ' * (WIDTH - cell_len(one))} │ {other}".rstrip()


def main() -> int:
    """Write the page to standard output. Return 0, or 2 with one sentence of explanation."""
    try:
        text = "\n".join(page())
    except (Failed, OverlapError) as error:
        print(f"stock_and_ours: {error}", file=sys.stderr)
        return 2
    print(text.rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
