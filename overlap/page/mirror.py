"""Copies the newest traces of a backend to a store. The backend is read politely.

Every few seconds it is asked for what is new of each service, one request after another. A trace
that a page shows is asked for by its id, so that the page has all its spans, however old it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from overlap.backend import Backend
from overlap.errors import OverlapError, where
from overlap.pocket.ingest.decoding import decode_json
from overlap.pocket.ingest.request_body import Refused
from overlap.pocket.storage.span_batch import Batch, Incoming, take_apart
from overlap.pocket.storage.store import Store
from overlap.trace.documents import documents

FIRST_S = 3600.0
"""How far back it reads at the start."""
OVERLAP_S = 30.0
"""Later, it reads what began since the last time, and this much before: spans arrive late."""
EVERY_S = 5.0
AT_MOST = 300
"""The most traces of one service that are read at once."""
SERVICES = 100
AGAIN_S = 2.0
"""A trace that a page shows is read again after this long at the earliest."""
REMEMBERED = 500

_log = logging.getLogger(__name__)


class Mirror:
    """The traces of one backend, in one store. Used from the event loop only."""

    def __init__(self, backend: Backend, store: Store, *, changed: Callable[[], None]) -> None:
        self._backend, self._store, self._changed = backend, store, changed
        self.problem = ""
        self._since: float | None = None
        self._known: dict[bytes, set[bytes]] = {}
        """The ids of the spans that were added, by trace."""
        self._found: OrderedDict[bytes, float] = OrderedDict()
        """When a trace was last read by its id."""
        self._adding = asyncio.Lock()

    async def run(self) -> None:
        """Read what is new until cancelled."""
        while True:
            problem = ""
            try:
                await self.read_new()
            except OverlapError as error:
                problem = str(error)
            except Exception as error:  # the pages work on with what there is
                _log.error("new traces are not read: %s", where(error))
                problem = "new traces can't be read: the log says why"
            if problem != self.problem:
                self.problem = problem
                self._changed()
            await asyncio.sleep(EVERY_S)

    async def read_new(self) -> None:
        """Read what is new of every service. Raises OverlapError if the backend does not answer."""
        now = time.time()
        start = now - FIRST_S if self._since is None else self._since - OVERLAP_S
        for service in (await self._backend.services())[:SERVICES]:
            answer = await self._backend.search_answer(
                service, start=int(start * 1e9), end=int((now + 60) * 1e9), depth=AT_MOST
            )
            await self._add(answer)
        self._since = now
        self._known = {each: ids for each, ids in self._known.items() if self._store.get(each)}

    async def find(self, trace_id: bytes) -> None:
        """Read one trace, unless it was read just now."""
        now = time.monotonic()
        if now - self._found.get(trace_id, -AGAIN_S) < AGAIN_S:
            return
        self._found[trace_id] = now
        self._found.move_to_end(trace_id)
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
        try:
            await self._add(await self._backend.trace_answer(trace_id.hex()))
        except OverlapError as error:
            if self._store.get(trace_id) is None:
                self.problem = str(error)

    async def _add(self, answer: bytes | None) -> None:
        if not answer:
            return
        async with self._adding:
            spans = (await asyncio.to_thread(_read, answer, self._store)).spans
            new = [each for each in spans if self._is_new(each)]
            # The store drops first what it was given first.
            new.sort(key=lambda each: each.start_ns)
            self._store.add(Batch(new))
            now = time.time()
            for trace_id in {each.trace_id for each in new}:
                stored = self._store.get(trace_id)
                if stored is not None:
                    stored.arrived = min(now, stored.last_end_ns / 1e9)

    def _is_new(self, span: Incoming) -> bool:
        span_id = span.span_id
        known = self._known.setdefault(span.trace_id, set())
        if span_id in known:
            return False
        known.add(span_id)
        return True


def _read(answer: bytes, store: Store) -> Batch:
    """Return the spans of an answer: one JSON document, or several. What is no OTLP is left out."""
    batch = Batch()
    for _, document in documents(answer.decode("utf-8", errors="replace")):
        found = document.get("result", document) if isinstance(document, dict) else None
        if not isinstance(found, dict):
            continue
        try:
            request = decode_json(found, ExportTraceServiceRequest())
        except Refused:
            _log.warning("a part of an answer is no OTLP JSON, and is left out")
            continue
        batch.spans += take_apart(request, store.origins).spans
    return batch
