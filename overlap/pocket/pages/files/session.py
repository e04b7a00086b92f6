"""All traces that pocket keeps, as a file: OTLP JSON, one trace a line, which it also reads again.

`overlap verdict` and `overlap survey` read the same file. Log lines and metrics are not in it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from overlap.errors import OverlapError
from overlap.pocket.api.otlp_json import resource_spans
from overlap.pocket.ingest.decoding import decode_json
from overlap.pocket.ingest.request_body import Refused
from overlap.pocket.storage.span_batch import Origin, take_apart
from overlap.pocket.storage.store import Store

Spans = list[tuple[Origin, bytes]]
GZIP: Final = b"\x1f\x8b"


def routes(store: Store) -> list[BaseRoute]:
    """Return the route of the file."""

    async def file(_request: Request) -> Response:
        return StreamingResponse(
            lines(snapshot(store)),
            media_type="application/x-ndjson",
            headers={
                "content-disposition": 'attachment; filename="overlap-session.jsonl"',
                "cache-control": "no-store",
            },
        )

    return [Route("/session.jsonl", file)]


def snapshot(store: Store) -> list[Spans]:
    """Return the spans of each trace, the least recently extended first.

    On the event loop; what is received later is not in it.
    """
    return [[*trace.spans] for trace in store.newest_first()][::-1]


def lines(traces: Iterable[Spans]) -> Iterator[bytes]:
    """Yield a line for each trace."""
    for spans in traces:
        yield json.dumps({"resourceSpans": resource_spans(spans)}).encode() + b"\n"


def save(store: Store, path: Path) -> int:
    """Write all traces to a file, packed if it ends with .gz; return how many.

    The file is complete or not there. Raise OverlapError if it can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    count = 0
    try:
        with gzip.open(part, "wb") if path.suffix == ".gz" else part.open("wb") as file:
            for line in lines(snapshot(store)):
                file.write(line)
                count += 1
        part.replace(path)
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None
    return count


def check(path: Path) -> None:
    """Raise OverlapError if a session can't be saved there, before there is one."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.open("ab").close()
        part.unlink()
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None


def _not_saved(path: Path, error: Exception) -> OverlapError:
    why = getattr(error, "strerror", None) or error
    return OverlapError(f"the session can't be saved to {path}: {why}")


def load(store: Store, path: Path) -> int:
    """Add the traces of a file; return how many spans were kept.

    Raise OverlapError if the file can't be read or a line is not OTLP JSON.
    """
    kept = 0
    try:
        with path.open("rb") as start:
            is_packed = start.read(2) == GZIP
        with gzip.open(path, "rb") if is_packed else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    kept += _add(store, line, f"{path}, line {number}")
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise OverlapError(f"{path} can't be read: {why}") from None
    return kept


def _add(store: Store, line: bytes, where: str) -> int:
    try:
        document = json.loads(line.decode("utf-8-sig"))
        if not isinstance(document, dict) or "resourceSpans" not in document:
            raise ValueError
        request = decode_json(document, ExportTraceServiceRequest())
    except (ValueError, RecursionError, Refused):
        raise OverlapError(
            f"{where} is not OTLP JSON: is this a session that pocket saved?"
        ) from None
    batch = take_apart(request, store.origins)
    return len(batch.spans) + batch.rejected - store.add(batch)
