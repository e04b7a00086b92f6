"""The flight recorder of a process: every request in a ring, written out when something happens.

The lens looks at a sample of the requests of a busy service: the slow one is missed by chance.
The recorder looks at each, by fewer figures: when it began and ended, each step of its tasks on the
loop, each call in a thread, and what happened to the loop and to database connections meanwhile.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from overlap.files import name_part
from overlap.recorder import dumps, layout
from overlap.recorder.ring import Ring
from overlap.runtime.await_chain import await_line

SLOW_S = 1.0
"""A request that takes this long is written out."""
MEGABYTES = 16.0
SHORTEST_S = 20e-6
"""A step is not recorded if it ended this soon after it could run: nobody looks for it."""
LONG_S = 0.005
"""Of a step this long, the line where it ended is recorded."""

REQUEST: ContextVar[int] = ContextVar("overlap-recorded-request", default=0)
"""The number of the request that the running code works for."""

_OLDEST = 2
"""The generation of a full collection: others take no time that matters."""
_Run = Callable[..., None]


class FlightRecorder:
    """Writes what happens into the ring. Its methods are called inside requests: they are short."""

    def __init__(
        self,
        folder: Path,
        service: str,
        instance: str,
        *,
        megabytes: float = MEGABYTES,
        slow_s: float = SLOW_S,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        dumps.take_dead_rings(folder, service)
        name = f"{name_part(service)}.{os.getpid()}.{uuid4().hex[:8]}{dumps.RING}"
        self.ring = Ring(folder / name, megabytes, service, instance)
        self.slow_s = slow_s
        self.write = self.ring.writer()
        self._next_number = itertools.count(1).__next__
        self.request_begins = self._request_beginner()
        """Records that a request begins: its trace id, and when. Returns its number, which is
        current from there on."""
        self.request_ends = self._request_ender()
        """Records that a request has ended. Asks for a dump if it was slow, or given up."""
        self._collects_since = 0.0
        gc.callbacks.append(self._on_collection)
        self._dumps = dumps.Dumps(self.ring, folder, service)
        self.ask = self._dumps.ask
        """Asks for a dump, by one of the reasons of overlap.recorder.dumps."""

    def _request_beginner(self) -> Callable[[int, float], int]:
        pack, memory, place = layout.BEGIN.pack_into, self.ring.memory, self.ring.next_place
        mask, first, size = self.ring.places - 1, layout.FIRST, layout.SIZE
        next_number, set_current, kind = self._next_number, REQUEST.set, layout.REQUEST

        def request_begins(trace_id: int, at: float) -> int:
            number = next_number() & 0xFFFFFFFF
            set_current(number)
            trace = trace_id.to_bytes(16, "big")
            pack(memory, first + (place() & mask) * size, kind, 0, 0, number, trace, at)
            return number

        return request_begins

    def _request_ender(self) -> Callable[..., None]:
        # All in one function: a request pays for each call.
        pack, memory, place = layout.RECORD.pack_into, self.ring.memory, self.ring.next_place
        mask, first, size = self.ring.places - 1, layout.FIRST, layout.SIZE
        kind, slow_s, name_of = layout.END, self.slow_s, self.ring.name

        def request_ends(  # noqa: PLR0913  what is known of a request
            number: int,
            name: str,
            *,
            began: float,
            took: float,
            status: int,
            outcome: int,
            is_stream: bool,
        ) -> None:
            at = first + (place() & mask) * size
            pack(memory, at, kind, outcome, status, number, 0, began, 0.0, took, name_of(name))
            if took >= slow_s and not is_stream:
                self.ask(dumps.GIVEN_UP if outcome == layout.DISCONNECTED else dumps.SLOW)

        return request_ends

    def requests_begun(self) -> int:
        """Return a number that grows by one with each request, and with each call of this."""
        return self._next_number()

    def rested(self, since: float, until: float) -> None:
        """Record that the steps of requests were not recorded for a time."""
        self.write(layout.RESTED, 0, 0, 0, 0, since, 0.0, until - since, "")

    def record_step(self, task: Any, ready: float, begin: float, end: float) -> None:
        """Record a step that the lens has timed."""
        if end - ready >= SHORTEST_S:
            took = end - begin
            line = "" if took < LONG_S else await_line(task) or ""
            subject = id(task) >> 4
            self.write(layout.STEP, 0, 0, REQUEST.get(), subject, begin, begin - ready, took, line)

    def block(  # noqa: PLR0913  what is known of a block
        self, what: str, began: float, took: float, victims: int, *, lasts: bool, request: int = 0
    ) -> None:
        """Record a block of the loop, or that one lasts. `what`: its kind and line."""
        self.write(layout.BLOCK, lasts, min(victims, 0xFFFF), request, 0, began, 0.0, took, what)
        self.ask(dumps.HUNG if lasts else dumps.BLOCKED)

    def lost(self, task: str) -> None:
        """Record a background task that never ended."""
        self.write(layout.LOST, 0, 0, REQUEST.get(), 0, perf_counter(), 0.0, 0.0, task)
        self.ask(dumps.LOST)

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        if info["generation"] != _OLDEST:
            return
        now = perf_counter()
        if phase == "start":
            self._collects_since = now
        elif self._collects_since:
            took = now - self._collects_since
            self.write(layout.COLLECTION, 0, 0, 0, 0, self._collects_since, 0.0, took, "")
            self._collects_since = 0.0

    def step_runner(self) -> _Run:
        """Return a function that runs a step of a task, and records it.

        It takes the callback, since when it was ready, and the callback's argument if it has one.
        """
        pack, memory, place = layout.RECORD.pack_into, self.ring.memory, self.ring.next_place
        mask, first, size = self.ring.places - 1, layout.FIRST, layout.SIZE
        request, kind, name = REQUEST.get, layout.STEP, self.ring.name

        def run_step(callback: Any, ready: float, *result: Any) -> None:
            __traceback_hide__ = True
            begin = perf_counter()
            try:
                callback(*result)
            finally:
                end = perf_counter()
                if end - ready >= SHORTEST_S:
                    took = end - begin
                    task = callback.__self__
                    pack(
                        memory,
                        first + (place() & mask) * size,
                        kind,
                        0,
                        0,
                        request(),
                        id(task) >> 4 & 0xFFFFFFFF,
                        begin,
                        begin - ready,
                        took,
                        0 if took < LONG_S else name(await_line(task) or ""),
                    )

        return run_step

    def close(self) -> None:
        """Write what was asked for, and remove the ring: the process ends as it should."""
        self._leave()
        self._dumps.close()
        self.ring.close(keep=False)

    def forget(self) -> None:
        """Leave the ring to the parent, in a forked process."""
        self._leave()
        self.ring.close(keep=True)

    def _leave(self) -> None:
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)
