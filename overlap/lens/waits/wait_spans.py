"""When a span ends: a span for each of its longest waits, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import (
    Link,
    Tracer,
    TracerProvider,
    get_tracer_provider,
    set_span_in_context,
)

from overlap import names
from overlap.lens.account import Account
from overlap.lens.ending_spans import in_ms, set_while_ending
from overlap.lens.waits.wait import Longest, Wait, length
from overlap.runtime.guard import guarded
from overlap.runtime.identity_cache import IdentityCache

SPANS: dict[str, str] = {
    names.WAIT_FOR_LOCK: names.SPAN_LOCK_WAIT,
    names.WAIT_FOR_SEMAPHORE: names.SPAN_SEMAPHORE_WAIT,
    names.WAIT_FOR_EVENT: names.SPAN_EVENT_WAIT,
    names.WAIT_FOR_CONDITION: names.SPAN_CONDITION_WAIT,
    names.WAIT_FOR_QUEUE_GET: names.SPAN_QUEUE_GET,
    names.WAIT_FOR_QUEUE_PUT: names.SPAN_QUEUE_PUT,
    names.WAIT_FOR_QUEUE_JOIN: names.SPAN_QUEUE_JOIN,
    names.WAIT_FOR_POOL: names.SPAN_POOL_WAIT,
    names.WAIT_FOR_LIMITER: names.SPAN_LIMITER_WAIT,
    names.WAIT_FOR_DNS: names.SPAN_DNS_LOOKUP,
}
"""The kinds of waits that are spans."""


class WaitSpans(SpanProcessor):
    """Records the waits that `observe` kept. After LensSpans, which closes the account.

    provider: returns the tracer provider that makes the spans.
    """

    def __init__(self, provider: Callable[[], TracerProvider] = get_tracer_provider) -> None:
        self._provider = provider

    def _on_ending(self, span: Span) -> None:
        # For every span: a decorator would take longer.
        account: Account | None = getattr(span, "overlap_account", None)
        if account is not None and account.longest_waits is not None:
            guarded("a span's waits are not recorded", self._record, span, account)

    def _record(self, span: Span, account: Account) -> None:
        waits: Longest[Wait] = account.longest_waits
        account.longest_waits = None
        kept = waits.longest_first()
        set_while_ending(span, figures(kept))
        offset = (span._start_time or 0) - account.began * 1e9
        above, tracer = set_span_in_context(span, Context()), _tracer(self._provider())
        for wait in kept:
            tracer.start_span(
                SPANS[wait.kind],
                above,
                attributes=dict(attributes(wait)),
                start_time=int(wait.began * 1e9 + offset),
                links=_links(wait),
            ).end(int(wait.ended * 1e9 + offset))


def figures(waits: list[Wait]) -> dict[str, Any]:
    """Return how long was waited for each kind of thing."""
    return {
        names.wait_ms(kind): in_ms(length([wait for wait in waits if wait.kind == kind]))
        for kind in dict.fromkeys(wait.kind for wait in waits)
    }


def attributes(wait: Wait) -> Iterator[tuple[str, str | int | bool]]:
    """Yield the attributes of the span of a wait."""
    yield names.WAIT_KIND, wait.kind
    yield names.WAIT_TASK, wait.task
    if wait.kind == names.WAIT_FOR_POOL:
        yield names.WAIT_POOL, wait.function.rpartition(".")[0]
    if wait.line is not None:
        yield names.CODE_FILE_PATH, wait.line.path
        yield names.CODE_LINE_NUMBER, wait.line.number
        yield names.CODE_FUNCTION_NAME, wait.line.function
    if wait.given_up:
        yield names.WAIT_GIVEN_UP, True
    if wait.by is None:
        return
    for name, value in (
        (names.WAIT_BY_TASK, wait.by.task),
        (names.WAIT_BY_LINE, wait.by.line),
        (names.WAIT_BY_SPAN, wait.by.request),
    ):
        if value is not None:
            yield name, value


def _links(wait: Wait) -> list[Link]:
    if wait.by is None or wait.by.span is None:
        return []
    return [Link(wait.by.span, {names.LINK_KIND: names.LINK_WAITED_FOR})]


def _make_tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("overlap.lens.waits")


_tracer = IdentityCache(_make_tracer)
