"""Which spans are reported as cancelled."""

from collections.abc import Callable

import pytest

from overlap import names, verdict
from overlap.trace import Span

MakeSpan = Callable[..., Span]
CANCELLED = {names.CANCELLED: True}


def test_work_that_was_cancelled_is_named(span: MakeSpan) -> None:
    """In order of start."""
    found = verdict(
        [
            span("1", "GET /", 0, 100, kind="server"),
            span("2", "second", 20, 50, "1", attributes=CANCELLED),
            span("3", "first", 10, 50, "1", attributes=CANCELLED),
            span("4", "whole", 10, 90, "1"),
        ]
    )
    assert found.cancelled == ["first", "second"]


@pytest.mark.parametrize("name", ["GET / http receive", "WS / websocket receive"])
def test_what_waits_for_the_clients_next_message_is_not(span: MakeSpan, name: str) -> None:
    """OpenTelemetry's ASGI middleware has a span for each message; the last one ends so."""
    message = CANCELLED | {names.ASGI_EVENT_TYPE: "http.request"}
    found = verdict(
        [
            span("1", "GET /", 0, 100, kind="server"),
            span("2", name, 20, 100, "1", attributes=message),
        ]
    )
    assert found.cancelled == []
