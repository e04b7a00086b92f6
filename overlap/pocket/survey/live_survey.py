"""Survey traces as they arrive, each once, and sum them by the minute in which they began.

A trace is surveyed when no span of it has arrived for a moment. If more arrive within a few
minutes, the minute it belongs to is summed again, from the traces that are still kept.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlap.errors import where
from overlap.judge import SHAPES
from overlap.pocket.storage.span_batch import Origin
from overlap.pocket.storage.store import Store, StoredTrace
from overlap.pocket.storage.stored_spans import as_trace
from overlap.pocket.survey.recent_sums import RecentSums
from overlap.survey import Report, merge

KEPT_MINUTES = 60
"""The survey covers the last hour, unless `--survey-minutes` says otherwise."""
CALM_S = 2.5
"""A trace that grew within this time may be incomplete."""
AGAIN_S = 30.0
"""A trace that was surveyed before must be calm for longer: its whole minute is summed again."""
LOOK_S = 1.0
BATCH_SPANS = 2000
"""The most spans that are surveyed at once, in a thread."""
MOST_SPANS = 20_000
"""A larger trace is not surveyed while it is received: `overlap survey` does that."""
PAUSE_S = 0.05
"""Between two batches, so that receiving spans has its turn."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the survey found in one trace."""

    minute: int
    """The minute in whose sum it is, since the epoch."""
    shapes: tuple[str, ...]
    routes: tuple[str, ...]


class LiveSurvey:
    """Surveys the traces of a store. Used from the event loop only, but for `_survey_each`."""

    def __init__(
        self,
        store: Store,
        changed: Callable[[], None],
        minutes: int = KEPT_MINUTES,
        source: Path | None = None,
    ) -> None:
        """source: the folder of the app's code, which proves advice."""
        self._store = store
        self._changed = changed
        self.minutes = minutes
        self._source = source
        self._pending: OrderedDict[bytes, None] = OrderedDict()
        self._facts: dict[bytes, Facts] = {}
        self._too_large: set[bytes] = set()
        self._sums = RecentSums(minutes)
        self._again: set[bytes] = set()
        """The traces of a minute that is summed again."""
        self._document: dict[str, Any] | None = None
        self._changing = asyncio.Lock()
        """The sums are read in a thread: held while they are read, and while they change."""

    def received(self, trace_ids: Iterable[bytes]) -> None:
        """Survey these traces, once they are calm."""
        for trace_id in trace_ids:
            self._pending[trace_id] = None

    def facts(self, stored: StoredTrace) -> Facts | None:
        """Return what is known of a trace, perhaps of an earlier version; None: nothing yet."""
        return self._facts.get(stored.trace_id)

    @property
    def waiting(self) -> int:
        """How many traces are not surveyed yet."""
        return len(self._pending)

    @property
    def too_large(self) -> int:
        """How many of the kept traces are too large to be surveyed here."""
        self._too_large = {each for each in self._too_large if self._store.get(each)}
        return len(self._too_large)

    def routes(self) -> list[str]:
        """Return the names of all routes of the kept traces, sorted."""
        return sorted({route for facts in self._facts.values() for route in facts.routes})

    async def document(self) -> dict[str, Any]:
        """Return the survey of the last minutes: the JSON contract of `overlap survey`."""
        async with self._changing:
            self._tidy()
            if self._document is None:
                reports = self._sums.reports()
                self._document = await asyncio.to_thread(lambda: merge(reports).as_dict())
            return self._document

    async def run(self) -> None:
        """Survey until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                while await self._survey_batch():  # noqa: ASYNC110  it is the work itself
                    await asyncio.sleep(PAUSE_S)
            except Exception as error:  # the pages work without it
                _log.error("traces are not surveyed: %s", where(error))

    async def _survey_batch(self) -> bool:
        """Survey what is calm, up to BATCH_SPANS; return whether there was any."""
        batch: list[_Due] = []
        spans = 0
        now = time.time()
        for trace_id in [*self._pending]:
            stored = self._store.get(trace_id)
            if stored is None:
                del self._pending[trace_id]
                self._facts.pop(trace_id, None)
                self._again.discard(trace_id)
                continue
            if len(stored.spans) > MOST_SPANS:
                del self._pending[trace_id]
                self._too_large.add(trace_id)
                continue
            if now - stored.arrived < (AGAIN_S if self._is_summed(trace_id) else CALM_S):
                continue
            if batch and spans + len(stored.spans) > BATCH_SPANS:
                break
            spans += len(stored.spans)
            batch.append((stored, [*stored.spans]))
            del self._pending[trace_id]
        if not batch:
            async with self._changing:
                self._forget_dropped()
            return False
        found = await asyncio.to_thread(_survey_each, batch, self._source)
        async with self._changing:
            self._start_again({stored.trace_id for stored, _ in found})
            for stored, report in found:
                self._note(stored, report)
            self._document = None
        self._changed()
        return True

    def _is_summed(self, trace_id: bytes) -> bool:
        """Return whether the sum of a minute has this trace already, and can be made again."""
        facts = self._facts.get(trace_id)
        return facts is not None and self._sums.has(facts.minute, trace_id)

    def _start_again(self, grown: set[bytes]) -> None:
        """Empty the sums of the minutes that have these traces: a sum can't be taken apart."""
        for trace_id in grown:
            if self._is_summed(trace_id):
                again = self._sums.start_again(self._facts[trace_id].minute)
                self._again |= again
                self.received(again - grown)

    def _note(self, stored: StoredTrace, report: Report) -> None:
        trace_id = stored.trace_id
        is_new = trace_id not in self._facts
        routes = report.totals.routes.values()
        shapes = {shape for route in routes for shape in route.shapes}
        now = _minute_now()
        number = min(now, stored.first_start_ns // 60_000_000_000)
        self._facts[trace_id] = Facts(
            number,
            tuple(shape for shape in SHAPES if shape in shapes),
            tuple(dict.fromkeys(route.route for route in routes)),
        )
        if is_new or trace_id in self._again:
            self._again.discard(trace_id)
            self._sums.add(number, trace_id, report, now)
        # Else it is in the sum of older minutes, as it was then.

    def _tidy(self) -> None:
        if self._sums.tidy(_minute_now()):
            self._document = None

    def _forget_dropped(self) -> None:
        self._tidy()
        if len(self._facts) > 2 * len(self._store) + 100:
            kept = {trace.trace_id for trace in self._store.newest_first()}
            self._facts = {key: facts for key, facts in self._facts.items() if key in kept}
            self._again &= kept
            self._sums.forget(kept.__contains__)


def _minute_now() -> int:
    return int(time.time() // 60)


_Due = tuple[StoredTrace, list[tuple[Origin, bytes]]]


def _survey_each(batch: list[_Due], source: Path | None = None) -> list[tuple[StoredTrace, Report]]:
    found = []
    for stored, spans in batch:
        report = Report()
        try:
            report.add(as_trace(stored.id, spans), source=source)
        except Exception as error:  # of one trace: the others are surveyed
            _log.error("the trace %s is not surveyed: %s", stored.id, where(error))
        found.append((stored, report))
    return found
