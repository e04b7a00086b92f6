"""Spans of real requests, recorded once and sent again with other trace ids, as fast as they go."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

BATCH = 512
"""Spans in a request: what the SDK's batch processor sends at once when it is busy."""
SENDERS = 4
_BUSY = (429, 503)


@dataclass
class Recorder:
    """An OTLP/HTTP endpoint that keeps what it receives."""

    url: str = ""
    bodies: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """By signal: `traces`, `metrics`, `logs`."""

    def bytes_of(self, signal: str) -> int:
        """Return how many bytes of a signal were received."""
        return sum(map(len, self.bodies[signal]))


@contextmanager
def recorder() -> Iterator[Recorder]:
    """Serve a recorder on a free port until the block ends."""
    found = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            found.bodies[self.path.rpartition("/")[2]].append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Template:
    """One export request, and where in it which trace id is."""

    body: bytes
    places: tuple[tuple[int, bytes], ...]

    def with_ids(self, ids: dict[bytes, bytes]) -> bytes:
        """Return the body with other trace ids."""
        made = bytearray(self.body)
        for place, trace_id in self.places:
            made[place : place + 16] = ids[trace_id]
        return bytes(made)


@dataclass(frozen=True)
class Templates:
    """The recorded spans as export requests of BATCH spans each, by resource, as SDKs send them."""

    templates: tuple[Template, ...]
    traces: frozenset[bytes]
    spans: int

    @property
    def bytes_of_a_span(self) -> float:
        """Return the bytes of OTLP for one span, its part of the resource included."""
        return sum(len(each.body) for each in self.templates) / self.spans

    def copies(self, count: int) -> list[bytes]:
        """Return the requests for so many copies of the recording, each with other trace ids."""
        made = []
        for _ in range(count):
            ids = {trace_id: os.urandom(16) for trace_id in self.traces}
            made += [template.with_ids(ids) for template in self.templates]
        return made


def templates(bodies: Sequence[bytes], only: Set[bytes]) -> Templates:
    """Make templates of recorded export requests, of the spans of these traces."""
    by_resource: dict[bytes, list[ResourceSpans]] = defaultdict(list)
    traces: set[bytes] = set()
    spans = 0
    for body in bodies:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in group.scope_spans:
                for span in scope.spans:
                    if span.trace_id not in only:
                        continue
                    one = ResourceSpans(resource=group.resource, schema_url=group.schema_url)
                    one.scope_spans.add(scope=scope.scope).spans.append(span)
                    by_resource[group.resource.SerializeToString()].append(one)
                    traces.add(span.trace_id)
                    spans += 1
    made = [
        _template(ones[first : first + BATCH], traces)
        for ones in by_resource.values()
        for first in range(0, len(ones), BATCH)
    ]
    return Templates(tuple(made), frozenset(traces), spans)


def _template(ones: Sequence[ResourceSpans], traces: set[bytes]) -> Template:
    scopes: dict[bytes, list[ResourceSpans]] = defaultdict(list)
    for one in ones:
        scopes[one.scope_spans[0].scope.SerializeToString()].append(one)
    group = ResourceSpans(resource=ones[0].resource, schema_url=ones[0].schema_url)
    for alike in scopes.values():
        scope = group.scope_spans.add(scope=alike[0].scope_spans[0].scope)
        scope.spans.extend(one.scope_spans[0].spans[0] for one in alike)
    body = ExportTraceServiceRequest(resource_spans=[group]).SerializeToString()
    return Template(body, tuple(_places(body, traces)))


def _places(body: bytes, traces: set[bytes]) -> Iterator[tuple[int, bytes]]:
    for trace_id in traces:
        place = body.find(trace_id)
        while place >= 0:
            yield place, trace_id
            place = body.find(trace_id, place + 16)


async def send(url: str, bodies: Sequence[bytes]) -> None:
    """Send export requests, SENDERS at a time, each until it is accepted.

    Raises httpx.HTTPStatusError if one is refused for another reason than that it is too much.
    """
    waiting = iter(bodies)

    async def sender(client: httpx.AsyncClient) -> None:
        for body in waiting:
            while True:
                answer = await client.post("/v1/traces", content=body, headers=_PROTOBUF)
                if answer.status_code not in _BUSY:
                    break
                await asyncio.sleep(0.1)
            answer.raise_for_status()

    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(sender(client) for _ in range(SENDERS)))


_PROTOBUF = {"content-type": "application/x-protobuf"}
