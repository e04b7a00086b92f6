"""The event loop's watchdog: a heartbeat on the loop, and a thread that notices when it stops.

Nothing of asyncio is patched, so it works under uvloop too, whose callbacks do not pass through
Python's Handle. Limit: C code that holds the interpreter lock stops the watchdog's thread as
well. It is then seen once at best, when it returns, and counts as a block if the loop's thread
used the processor meanwhile (where the platform reports that). On a busy machine another thread
may run first, and the callback may be over: then only the lag metric shows it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import threading
import time
from types import FrameType

from opentelemetry import trace
from opentelemetry.context import Context

from overlap.instrument.loop.block_detector import BlockCandidate, Sample
from overlap.instrument.loop.block_span import Block
from overlap.instrument.loop.garbage_collection import GarbageClock
from overlap.instrument.loop.loop_metrics import loop_metrics
from overlap.instrument.loop.loop_sample import epoch_ns, look_at
from overlap.instrument.loop.steps_rest import StepsRest, steps_rest
from overlap.instrument.loop.utilization import Utilization
from overlap.instrument.tasks import process_journal
from overlap.lens import Lenses, Steps
from overlap.runtime import current_task
from overlap.runtime.thread_cpu import ThreadClock

BEAT_S = 0.06
"""Between two heartbeats. A timer on the loop costs three times what a look costs."""
LOOK_S = 0.03
"""Between two looks at the loop."""
LATE_S = BEAT_S + 0.01
"""A heartbeat older than this is late: from then on, each look samples the loop's stack."""
_NOTHING = trace.set_span_in_context(trace.INVALID_SPAN, Context())

_log = logging.getLogger(__name__)


class Watchdog:
    """Watches one loop, from `start` until `stop` or until the loop is closed."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, threshold_s: float, lenses: Lenses | None = None
    ) -> None:
        self.loop = loop
        self._lenses = lenses
        self._steps: Steps | None = None
        self._steps_rest: StepsRest | None = None
        self._threshold = threshold_s
        self._stopped = False
        self._metrics = loop_metrics()
        self.utilization = Utilization(loop)
        self._thread = threading.Thread(target=self._watch, name="overlap-watchdog", daemon=True)
        self._loop_thread: threading.Thread | None = None
        self._clock: ThreadClock | None = None
        self._base: FrameType | None = None
        self._beat_at = 0.0
        self._due = 0.0
        self._waited_for = _NOTHING
        self._garbage = GarbageClock()
        self._to_resume: list[Block] = []
        """Blocks to which the loop's next `mark_turn` reports that it runs again."""
        self._last_task: tuple[float, object | None] = (0.0, None)
        self._candidate: BlockCandidate | None = None
        self._block: Block | None = None
        self._closing: list[Block] = []

    def start(self, base: FrameType | None = None) -> None:
        """Start at the loop's next turn, from any thread; or at once, on the loop's own thread.

        base: the frame from which a loop runs that is about to start.
        """
        context = contextvars.Context()  # an empty one keeps no request alive
        if base is None:
            self.loop.call_soon_threadsafe(self._begin, context=context)
        else:
            context.run(self._begin, base)

    @property
    def is_watching(self) -> bool:
        """Whether it has started."""
        return self._loop_thread is not None

    def stop(self) -> None:
        """End the thread, and with it the heartbeat. From any thread but the watchdog's."""
        self._stopped = True
        if self._thread.is_alive():
            self._thread.join(1.0)
        self.utilization.stop()

    # On the loop's thread:

    def _begin(self, base: FrameType | None = None) -> None:
        self._loop_thread = threading.current_thread()
        self._clock = ThreadClock()
        self._steps = self._lenses.on(self.loop) if self._lenses else None
        self._steps_rest = steps_rest(self.loop)
        self._beat_at = time.perf_counter()
        self.utilization.start(self._beat_at)
        self._base = base or sys._getframe(1)
        self._due = self._beat_at + BEAT_S
        self.loop.call_later(BEAT_S, self._beat)
        self._thread.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        block, waited_for, self._waited_for = self._block, self._waited_for, _NOTHING
        self._metrics.record_lag(max(0.0, now - self._due), block.context if block else waited_for)
        # Under uvloop, the frame that every callback is called from.
        self._base = sys._getframe(1)
        self._beat_at, self._due = now, now + BEAT_S
        self.utilization.mark(now)
        if not self._stopped:
            self.loop.call_later(BEAT_S, self._beat)

    def mark_turn(self) -> None:
        """Record that the loop runs."""
        # Scheduled while the loop was blocked: it runs first afterwards. Under uvloop the heartbeat
        # may run before it, and the watchdog's thread see that: then it has cleared `_block`.
        blocks, self._to_resume = self._to_resume, []
        self._beat_at = time.perf_counter()
        for block in blocks:
            if self._beat_at > self._due:
                self._waited_for = block.context  # the heartbeat runs next
            block.resumed(time.time_ns(), self.loop)

    # On the watchdog's thread:

    def _watch(self) -> None:
        self._garbage.start()
        looked, cpu, garbage = time.perf_counter(), self._used(), 0.0
        while not self._stopped and not self.loop.is_closed():
            time.sleep(LOOK_S)  # an Event's wait costs twice as much
            now, used, collected = time.perf_counter(), self._used(), self._garbage.seconds
            late = max(0.0, now - looked - LOOK_S)
            paused = min(late, collected - garbage)
            locked_out = max(0.0, min(late, used - cpu) - paused)
            try:
                if self._steps is not None and self._loop_thread is not None:
                    self._steps.look(now, self._loop_thread.ident, used)
                self._look(now, max(0.0, late - locked_out - paused), locked_out, paused)
            except Exception:  # must not fail at every look
                _log.exception(
                    "the watchdog failed and stopped: blocks of this loop are no longer reported"
                )
                break
            process_journal.heartbeat()
            looked, cpu, garbage = now, used, collected
        self._garbage.stop()
        self._clear(time.perf_counter())
        self._close(every=True)

    def _look(self, now: float, starved: float, locked_out: float, collected: float) -> None:
        beat = self._beat_at
        if self._closing:
            self._close()
        if self._steps_rest is not None:
            self._steps_rest.look(now)
        if now - beat < LATE_S:
            self._clear(beat)
            # Almost free, and it bounds when a block began.
            self._last_task = (now, current_task.current_task(self.loop))
            return
        sample = self._sample(Sample(now, beat, None, starved, locked_out, collected))
        candidate = self._candidate
        if candidate is None or candidate.running is not sample.running:
            since = max(beat, self._since(sample) if candidate is None else now)
            self._clear(now)
            if sample.running is None:
                self._last_task = (now, None)
                return
            candidate = self._candidate = BlockCandidate(sample, since)
        else:
            candidate.add(sample)
        self._judge(candidate, sample)

    def _since(self, sample: Sample) -> float:
        """Return when the callback began, or when something else was last seen to run."""
        if self._steps is not None and self._steps.began:
            return self._steps.began  # the lens has timed it
        at, task = self._last_task
        return 0.0 if task is sample.running else at

    def _sample(self, sample: Sample) -> Sample:
        if self._loop_thread is None or self._clock is None:
            return sample
        return look_at(self.loop, self._loop_thread, self._base, self._clock, sample)

    def _judge(self, candidate: BlockCandidate, sample: Sample) -> None:
        if self._block is not None:
            self._block.add_sample(sample.lines)
            self._block.kind = candidate.kind()
            self._block.report_hang(sample.lines)
        elif candidate.confirmed(sample.at, self._threshold) and self._loop_thread:
            first = candidate.first
            block = Block(
                epoch_ns(candidate.since), first.context or Context(), self.loop, self._loop_thread
            )
            block.add_sample(first.lines)
            block.add_sample(sample.lines)
            block.kind = candidate.kind()
            self._block = block
            self._to_resume.append(block)
            self.loop.call_soon_threadsafe(self.mark_turn)

    def _clear(self, at: float) -> None:
        """Drop the candidate. If it was a block, it ended at `at`, or when the loop resumed."""
        block, self._block, self._candidate = self._block, None, None
        if block is not None:
            if block.end_ns is None:
                block.end_ns = epoch_ns(at)
            self._closing.append(block)
            self._close()

    def _close(self, *, every: bool = False) -> None:
        """End the blocks whose last victims have been accepted."""
        for block in [*self._closing]:
            if every or block.is_settled:
                self._closing.remove(block)
                block.close(self._garbage)

    def _used(self) -> float:
        return self._clock.used() if self._clock else 0.0
