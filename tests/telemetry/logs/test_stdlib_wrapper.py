"""The wrapper around `Logger.callHandlers` that stays where exports were abandoned."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk._logs import LoggerProvider

from overlap.telemetry.logs.stdlib_records import StdlibRecords


@pytest.fixture(autouse=True)
def stock(monkeypatch):
    """The method before; it is restored."""
    before = logging.Logger.callHandlers
    monkeypatch.setattr(logging.Logger, "callHandlers", before)
    return before


def a_wrapper_that_stays():
    StdlibRecords(LoggerProvider(shutdown_on_exit=False), lambda: False).close(keep_silence=True)
    return logging.Logger.callHandlers


def test_the_next_one_replaces_it(stock):
    """Each would be called by the next one otherwise, until Python's stack ends."""
    first, second = a_wrapper_that_stays(), a_wrapper_that_stays()
    assert first.__wrapped__ is second.__wrapped__ is stock
    StdlibRecords(LoggerProvider(shutdown_on_exit=False), lambda: False).close()
    assert logging.Logger.callHandlers is stock


def test_a_wrapper_of_another_library_around_it_stays(stock):
    """The project's own is never removed."""
    ours = a_wrapper_that_stays()

    def theirs(logger, record):
        ours(logger, record)

    logging.Logger.callHandlers = theirs
    assert a_wrapper_that_stays().__wrapped__ is theirs
