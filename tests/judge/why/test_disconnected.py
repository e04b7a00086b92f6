"""What a verdict says about clients that disconnected."""

from __future__ import annotations

import pytest

from overlap import names, verdict


def said(span, **attributes):
    """Return the sentences about a request of 2 s with these attributes."""
    request = span("1", "GET /s/", 0, 2000, kind="server", attributes=attributes)
    return [reason.text for reason in verdict([request]).why if "client" in reason.text]


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ({}, "the client of GET /s/ disconnected after 2.0 s"),
        ({names.AFTER_DISCONNECT_MS: 0.2}, "the client of GET /s/ disconnected after 2.0 s"),
        (
            {names.AFTER_DISCONNECT_MS: 1500.0},
            "the client of GET /s/ disconnected after 500 ms; the work for it went on for 1.5 s",
        ),
        (
            {names.AFTER_DISCONNECT_MS: 1e12},
            "the client of GET /s/ disconnected after 0.0 ms; the work for it went on for 2.0 s",
        ),
    ],
)
def test_a_disconnect_is_said_with_what_went_on(span, after, text):
    """A thread is not interrupted by it: a sync view, a sync middleware, a sync iterator."""
    assert said(span, **{names.ERROR_TYPE: names.CLIENT_DISCONNECTED, **after}) == [text]


@pytest.mark.parametrize("error", ["ValueError", names.SERVER_STOPPED, 7])
def test_another_end_is_no_disconnect(span, error):
    """An exception, or the end of the process."""
    assert said(span, **{names.ERROR_TYPE: error, names.AFTER_DISCONNECT_MS: 1500.0}) == []
