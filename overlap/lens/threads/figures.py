"""What a span says of the work in threads that was submitted under it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import Span

from overlap import names
from overlap.lens.ending_spans import has, in_ms, set_while_ending
from overlap.lens.threads.function import functions_text

if TYPE_CHECKING:
    from overlap.lens.threads.work import Work

SHORTEST_S = 0.005
"""Work that outlives its span for a shorter time is not reported, nor who delayed it, nor less
processor time than this."""


def set_figures(span: Span, works: list[Work]) -> None:
    """Set the sums over the work of a span that is about to end."""
    now, queued_in_parent = perf_counter(), has(span, names.THREAD_QUEUED_MS)
    done: list[Work] = []
    never: list[Work] = []
    abandoned: list[Work] = []
    running = queued = 0.0
    for work in works:  # once, as each measured request with a call in a thread runs this
        began, ended = work.began, work.ended
        if ended:
            done.append(work)
            running += ended - began
            queued += began - work.asked
        if not began:
            never.append(work)
        elif work.abandoned or not ended:
            abandoned.append(work)
    figures: dict[str, Any] = {}
    if done:
        figures[names.THREAD_CALLS] = len(done)
        figures[names.THREAD_FUNCTIONS] = functions_text(
            (work.function, work.ended - work.began) for work in done
        )
        figures[names.THREAD_RUNNING_MS] = in_ms(running)
        if not queued_in_parent:
            figures[names.THREAD_QUEUED_MS] = in_ms(queued)
        figures |= _processor_time(done)
        longest = done[0] if len(done) == 1 else max(done, key=_queued)
        if longest.taken_by and not queued_in_parent:
            figures[names.THREAD_POOL_MOST] = longest.size
            figures[names.THREAD_TAKEN_BY] = longest.taken_by
    if never:
        waited = sum((work.cancelled or now) - work.asked for work in never)
        figures[names.THREAD_NEVER_RAN] = len(never)
        figures[names.THREAD_NEVER_RAN_MS] = in_ms(waited)
    if abandoned:
        went_on = sum((work.ended or now) - (work.abandoned or now) for work in abandoned)
        figures[names.THREAD_ABANDONED] = len(abandoned)
        figures[names.THREAD_ABANDONED_MS] = in_ms(went_on)
    set_while_ending(span, figures)


def _queued(work: Work) -> float:
    return work.began - work.asked


def _processor_time(done: list[Work]) -> dict[str, float]:
    """Return how much calls computed; of several, what shows whether they did so at once."""
    used = done[0].cpu if len(done) == 1 else sum(work.cpu for work in done)
    if used < SHORTEST_S:
        return {}
    figures = {names.THREAD_CPU_MS: in_ms(used)}
    if len(done) > 1:
        figures[names.THREAD_CPU_LONGEST_MS] = in_ms(max(work.cpu for work in done))
        if busy := sum(work.busy for work in done):
            figures[names.THREAD_BUSY_MS] = in_ms(busy)
        figures[names.THREAD_WALL_MS] = in_ms(_wall(done))
    return figures


def _wall(done: list[Work]) -> float:
    """Return for how many seconds at least one of these calls ran."""
    total = until = 0.0
    for work in sorted(done, key=lambda work: work.began):
        total += max(0.0, work.ended - max(work.began, until))
        until = max(until, work.ended)
    return total
