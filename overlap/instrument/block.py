"""One block of the loop: the span in the culprit's trace, and the links to its victims."""

from __future__ import annotations

import threading
import time
from collections import Counter

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span

from overlap import names
from overlap.instrument import stack
from overlap.instrument.exchange import EXCHANGE_KEY, IN_FLIGHT, Exchange
from overlap.instrument.loop_metrics import code_attributes, loop_metrics
from overlap.instrument.threads import thread_attributes

_SCOPE = "overlap.instrument.loop"
LINKS = 128
"""At most so many victims are linked; all are counted."""


class Block:
    """Made on the watchdog's thread when a block is confirmed, while the loop still stands.

    Nothing on the loop can begin or end before it answers, so that the requests in flight
    now are the victims. Each of them is told of the block on the loop's thread: first thing
    when it answers, or when the request ends, whichever comes first.
    """

    def __init__(self, start_ns: int, context: Context, loop_thread: threading.Thread) -> None:
        parent = trace.get_current_span(context)
        began = getattr(parent, "start_time", None)
        # The last beat came before the culprit's turn; its own span knows better.
        self.start_ns = max(start_ns, began) if began else start_ns
        self.end_ns: int | None = None
        own = context.get(EXCHANGE_KEY)
        self.victims = [each for each in list(IN_FLIGHT.values()) if each is not own]
        self._seen: Counter[stack.Line] = Counter()
        self._stacks: dict[stack.Line, tuple[stack.Line, ...]] = {}
        self.span: Span = trace.get_tracer(_SCOPE).start_span(
            names.SPAN_BLOCKED,
            context,
            start_time=self.start_ns,
            attributes=thread_attributes(loop_thread),
        )
        self.context = trace.set_span_in_context(self.span, Context())
        """That of its span: what is measured of the block leads there."""
        for victim in self.victims:
            victim.blocks.append(self)

    def saw(self, lines: tuple[stack.Line, ...]) -> None:
        """Note one sample of the loop's stack."""
        line = stack.culprit(lines)
        self._seen[line] += 1
        self._stacks.setdefault(line, lines)

    def tell(self, victim: Exchange) -> None:
        """Link a victim's span to this block. On the loop's thread, before the span ends."""
        end = self.end_ns or time.time_ns()
        delay_ms = max(0, end - max(self.start_ns, victim.began_ns)) / 1e6
        loop_metrics().held_up(delay_ms / 1000, victim.context)
        victim.span.add_link(
            self.span.get_span_context(),
            {names.LINK_KIND: names.LINK_BLOCKED_BY, names.VICTIM_DELAY_MS: round(delay_ms, 3)},
        )

    def answered(self, at_ns: int) -> None:
        """The loop runs again: tell the victims that still wait. On the loop's thread."""
        if self.end_ns is None:
            self.end_ns = at_ns
        for victim in self.victims[:LINKS]:
            victim.hear(self)

    def close(self) -> None:
        """End the span. On the watchdog's thread, so that the loop has no more to wait for."""
        end = max(self.end_ns or time.time_ns(), self.start_ns)
        for victim in self.victims[:LINKS]:
            self.span.add_link(victim.span.get_span_context(), {names.LINK_KIND: names.LINK_VICTIM})
        seconds = (end - self.start_ns) / 1e9
        line = self._seen.most_common(1)[0][0] if self._seen else None
        self.span.set_attributes(
            {
                names.BLOCKED_MS: round(seconds * 1000, 3),
                names.BLOCKED_VICTIMS: len(self.victims),
                **code_attributes(line),
            }
        )
        if line is not None:
            self.span.set_attribute(names.CODE_STACKTRACE, stack.text(self._stacks[line]))
        self.span.end(end)
        loop_metrics().stood(seconds, line, self.context)
