"""An account for each span that starts on a loop; its figures are set when the span ends."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import Any
from weakref import ref

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap import names
from overlap.lens.account import Account
from overlap.lens.current_account import span_here
from overlap.lens.ending_spans import has, in_ms, set_while_ending
from overlap.lens.steps import running_here
from overlap.lens.waits.edges import as_text
from overlap.lens.waits.task_number import current_number
from overlap.runtime.await_chain import UNKNOWN
from overlap.runtime.guard import failed

SHORTEST_S = 0.001
"""Shorter spans have no figures, and shorter steps are not reported singly."""


_UNSEEN: Any = object()
"""The account of a span that did not start on a loop with a lens. None: not measured."""


def is_sampled(span: Span) -> bool:
    """Return whether the lens measures this span."""
    return getattr(span, "overlap_account", _UNSEEN) is not None


class LensSpans(SpanProcessor):
    """Opens an account for each span, and closes it."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Open an account, if a loop with a lens runs in this thread."""
        try:
            steps = running_here()
            # A wait's span is made when the wait is over.
            if steps is None or names.WAIT_KIND in span._attributes._dict:  # type: ignore[union-attr]
                return
            above = span_here() if parent_context is None else parent_context.get(SPAN_KEY)
            parent: Account | None = getattr(above, "overlap_account", _UNSEEN)
            if parent is None or (parent is _UNSEEN and not steps.take_from_budget()):
                span.overlap_account = None  # type: ignore[attr-defined]
                return
            if parent is _UNSEEN:
                parent = None
            # A span may have an earlier start time: a request's is when it was accepted.
            # This clock first: if the thread is interrupted before the other, the account begins
            # later than its span, and no wait ends after it.
            since_ns = time_ns() - (span._start_time or 0)
            began = perf_counter() - since_ns / 1e9
            lists_turns = parent is None or has(span, names.TASK_ID)
            account = Account(parent, began, lists_turns=lists_turns)
            if parent is None:
                account.task = current_number(steps.loop)
                account.outermost = ref(span)
            else:
                account.task = current_number(steps.loop, parent.task)
                if account.task != parent.task:
                    span.set_attribute(names.AWAIT_TASK, account.task)
            span.overlap_account = account  # type: ignore[attr-defined]
            span.overlap_steps = steps  # type: ignore[attr-defined]
            steps.opened(account)
        except Exception:
            failed("a span is not measured by the lens")

    def _on_ending(self, span: Span) -> None:
        try:
            account: Account | None = getattr(span, "overlap_account", None)
            if account is None or not account.open:
                return
            account.open = False
            # The span's end was read before: an interruption since then is no part of it.
            length_ns = (span._end_time or 0) - (span._start_time or 0)
            now = min(perf_counter(), account.began + length_ns / 1e9)
            steps = running_here()
            if steps is not None and 0 < steps.began < now:
                began, seen = steps.began, steps.seen
                account.add(steps.ready, began, now, seen.line_of(began), seen.idle(began, now))
            set_while_ending(span, _figures(account, now))
            span.overlap_steps.closed(account)  # type: ignore[attr-defined]
        except Exception:
            failed("a span is not measured by the lens")


class _Turns(str):
    """A string that the encoder should not cache, as it occurs once."""

    __slots__ = ()


def _figures(account: Account, now: float) -> dict[str, Any]:
    whole, running, ready = now - account.began, account.running, account.ready
    if whole < SHORTEST_S:
        return {}
    figures: dict[str, Any] = {
        names.LOOP_RUNNING_MS: in_ms(running),
        names.LOOP_READY_MS: in_ms(ready),
        names.LOOP_AWAITING_MS: in_ms(max(0.0, whole - running - ready)),
    }
    if account.longest >= SHORTEST_S:
        figures[names.LOOP_LONGEST_MS] = in_ms(account.longest)
        if account.line:
            figures[names.LOOP_LONGEST_LINE] = account.line
        if account.idle is not None:
            figures[names.LOOP_LONGEST_IDLE_MS] = in_ms(account.idle)
    if account.parent is None:
        figures[names.AWAIT_TASK] = account.task
    if account.edges is not None and (edges := account.edges.longest_first()):
        figures[names.AWAIT_EDGES] = _Turns(as_text(edges, account.began))
    if account.waits:
        figures[names.LOOP_AWAITED] = _Turns(
            "\n".join(
                f"{int((since - account.began) * 1e6)}+{int(length * 1e6)} {awaited or UNKNOWN}"
                for since, length, awaited in account.waits
            )
        )
    turns = account.turns
    if turns:
        began, edges = account.began, iter(turns)
        figures[names.LOOP_TURNS] = _Turns(
            " ".join(
                f"{int((start - began) * 1e6)}+{int((end - start) * 1e6)}"
                for start, end in zip(edges, edges, strict=True)
            )
        )
    return figures
