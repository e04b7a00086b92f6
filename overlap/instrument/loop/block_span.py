"""One block of the loop: the span in the culprit's trace, and the links to its victims."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span

from overlap import names
from overlap.instrument.calls.thread_attributes import thread_attributes
from overlap.instrument.loop.garbage_collection import GarbageClock
from overlap.instrument.loop.hang import HANG_S, Hang
from overlap.instrument.loop.loop_metrics import code_attributes, loop_metrics
from overlap.instrument.recorded.blocks import record_block
from overlap.instrument.requests.delays import Delays
from overlap.instrument.requests.server_span import (
    IN_FLIGHT,
    RECENT_BLOCKS,
    SERVER_SPAN_KEY,
    ServerSpan,
)
from overlap.instrument.tasks import process_journal
from overlap.runtime import stack
from overlap.runtime.guard import guarded

_NOT_RECORDED = "a block is not in the flight recorder"
_SCOPE = "overlap.instrument.loop"
LINKS = 128
"""The most victims that are linked; all are counted."""
MOST = 0.5
"""A block of which full garbage collections take this share is theirs, and no line's."""
TURNS = 8
"""Turns of the loop after a block, until it has accepted the connections that waited and read what
they sent. asyncio takes five turns for that, uvloop fewer."""
SETTLES_S = 1.0
"""The longest that a block waits for victims that were not accepted yet."""


class Block:
    """Created on the watchdog's thread when a block is confirmed, while the loop is blocked.

    No request can start or end on the loop before it runs again, so the requests in flight now
    are victims. Each is linked on the loop's thread: when the loop runs again, or when the
    request ends, whichever comes first. Other victims wait in the socket: they are the requests
    that are accepted in the loop's first turns after the block.
    """

    def __init__(
        self,
        start_ns: int,
        context: Context,
        loop: asyncio.AbstractEventLoop,
        loop_thread: threading.Thread,
    ) -> None:
        self._loop = loop
        self._culprit_context = context
        self._is_hang_reported = False
        self._note: int | None = None
        parent = trace.get_current_span(context)
        began = getattr(parent, "start_time", None)
        # The heartbeat was before the culprit's turn; the culprit's own span started later.
        self.start_ns = max(start_ns, began) if began else start_ns
        self.end_ns: int | None = None
        self.kind = names.BLOCK_WAIT
        self._turns = TURNS
        self._calm_ns: int | None = None
        own = context.get(SERVER_SPAN_KEY)
        self.victims = [
            each for each in list(IN_FLIGHT.values()) if each.loop is loop and each is not own
        ]
        self._seen: Counter[stack.Line] = Counter()
        self._stacks: dict[stack.Line, tuple[stack.Line, ...]] = {}
        self.span: Span = trace.get_tracer(_SCOPE).start_span(
            names.SPAN_BLOCKED,
            context,
            start_time=self.start_ns,
            attributes=thread_attributes(loop_thread),
        )
        self.context = trace.set_span_in_context(self.span, Context())
        """The context of its span, for exemplars."""
        for victim in self.victims:
            victim.blocks.append(self)

    def add_sample(self, lines: tuple[stack.Line, ...]) -> None:
        """Add one sample of the loop's stack."""
        line = stack.culprit(lines)
        self._seen[line] += 1
        self._stacks.setdefault(line, lines)

    def report_hang(self, lines: tuple[stack.Line, ...]) -> None:
        """Report a block that has lasted for HANG_S, once. On the watchdog's thread."""
        if self._is_hang_reported or time.time_ns() - self.start_ns < HANG_S * 1e9:
            return
        self._is_hang_reported = True
        hang = Hang(self.span, self._culprit_context, self.kind, self.start_ns, lines)
        self._note = guarded("a hang is not reported", hang.report)

    def link_victim(self, victim: ServerSpan) -> None:
        """Link a victim's span to this block. On the loop's thread, before the span ends."""
        end = self.end_ns or time.time_ns()
        kept_out = victim.began_ns >= end
        since = self.start_ns if kept_out else max(self.start_ns, victim.began_ns)
        delay_ms = max(0, end - since) / 1e6
        loop_metrics().record_victim_delay(delay_ms / 1000, victim.context)
        if victim.delays is None:
            victim.delays = Delays(victim.span)
        victim.delays.add(self.span.get_span_context(), delay_ms, at_most=kept_out)

    def resumed(self, at_ns: int, loop: asyncio.AbstractEventLoop) -> None:
        """The loop runs again: link the victims in flight. On the loop's thread."""
        if self.end_ns is None:
            self.end_ns = at_ns
        for victim in self.victims[:LINKS]:
            victim.link_block(self)
        RECENT_BLOCKS.append(self)
        loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turns -= 1
        if self._turns:
            loop.call_soon(self._turn, loop)
            return
        self._calm_ns = time.time_ns()
        # A request accepted until now may take a while until its span starts.
        loop.call_later(SETTLES_S, self._forget)

    def _forget(self) -> None:
        if self in RECENT_BLOCKS:
            RECENT_BLOCKS.remove(self)

    def add_late_victim(self, request: ServerSpan) -> None:
        """Add a request that was accepted after the block, if it waited. On the loop's thread."""
        if request.loop is not self._loop or request in self.victims:
            return
        if self.end_ns is None or request.began_ns < self.end_ns:
            return
        if self._calm_ns is None or request.began_ns <= self._calm_ns:
            self.victims.append(request)
            if len(self.victims) <= LINKS:
                self.link_victim(request)

    @property
    def is_settled(self) -> bool:
        """Whether the requests that waited in the socket have been accepted."""
        if self._calm_ns is not None:
            return True
        return self.end_ns is None or time.time_ns() - self.end_ns > SETTLES_S * 1e9

    def close(self, garbage: GarbageClock) -> None:
        """End the span. On the watchdog's thread, to save the loop the time."""
        process_journal.erase(self._note)
        end = max(self.end_ns or time.time_ns(), self.start_ns)
        for victim in [*self.victims[:LINKS]]:
            self.span.add_link(victim.span.get_span_context(), {names.LINK_KIND: names.LINK_VICTIM})
        seconds = (end - self.start_ns) / 1e9
        collected = garbage.within(self.start_ns, end)
        if collected >= MOST * seconds > 0:
            self.kind = names.BLOCK_COLLECTION
        line = self._seen.most_common(1)[0][0] if self._seen else None
        self.span.set_attributes(
            {
                names.BLOCKED_MS: round(seconds * 1000, 3),
                names.BLOCKED_VICTIMS: len(self.victims),
                names.BLOCKED_KIND: self.kind,
                **code_attributes(line),
            }
        )
        if collected:
            self.span.set_attribute(names.BLOCKED_COLLECTION_MS, round(collected * 1000, 3))
        if line is not None:
            self.span.set_attribute(names.CODE_STACKTRACE, stack.text(self._stacks[line]))
        self.span.end(end)
        what = (self.kind, line, self._culprit_context.get(SERVER_SPAN_KEY))
        guarded(_NOT_RECORDED, record_block, *what, self.start_ns, end, self.victims)
        loop_metrics().record_block(seconds, line, self.context)
