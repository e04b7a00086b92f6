"""One look at what an event loop runs, from another thread."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from dataclasses import replace
from types import FrameType

from overlap.instrument.loop import block_kind
from overlap.instrument.loop.block_detector import Sample
from overlap.runtime import current_task, stack
from overlap.runtime.thread_cpu import ThreadClock


def look_at(
    loop: asyncio.AbstractEventLoop,
    thread: threading.Thread,
    base: FrameType | None,
    clock: ThreadClock,
    sample: Sample,
) -> Sample:
    """Complete a sample, whose times are known, with what the loop's thread does now."""
    frame = sys._current_frames().get(thread.ident) if thread.ident else None
    frame = stack.outside_gc_callbacks(frame)
    outermost = stack.callback_frame(frame, base) if frame else None
    if frame is None or outermost is None:
        return replace(sample, starved=0.0, locked_out=0.0, collected=0.0)
    task = current_task.current_task(loop)
    return replace(
        sample,
        running=task or outermost,
        lines=stack.lines(frame, outermost),
        context=current_task.trace_context(task),
        kind=block_kind.kind_of(frame, loop),
        busy=clock.busy(),
    )


def epoch_ns(at: float) -> int:
    """Return a time of perf_counter() in nanoseconds since 1970."""
    return time.time_ns() - int((time.perf_counter() - at) * 1e9)
