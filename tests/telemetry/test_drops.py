"""What is dropped is counted, and said once."""

from __future__ import annotations

import logging
import os

import pytest

from overlap.telemetry.drops import LOGGER_NAME, Drops
from tests.forking import fork


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, LOGGER_NAME)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_failure_is_said_once_and_counted(said):
    """The tenth failure adds to the count, not to the log."""
    drops = Drops()
    for _ in range(10):
        drops.lost("traces", 5, "http://backend", "it answers 500")
    assert drops.total("traces") == 50
    assert said() == [
        "telemetry: traces can't be delivered to http://backend: it answers 500; "
        "requests go on, what is dropped is counted"
    ]


def test_recovery_is_said_once_with_the_count(said):
    """After it, a new failure is news again."""
    drops = Drops()
    drops.lost("logs", 3, "http://backend", "no answer in time")
    drops.delivered("logs")
    drops.delivered("logs")
    assert said()[1:] == ["telemetry: logs are delivered again (http://backend); 3 dropped"]
    drops.lost("logs", 1, "http://backend", "no answer in time")
    assert len(said()) == 3


def test_the_end_says_what_is_open(said):
    """And nothing is said after the end."""
    drops = Drops()
    drops.lost("metrics", 2, "http://backend", "refused")
    drops.close()
    drops.lost("metrics", 2, "http://backend", "refused")
    assert len(said()) == 2
    assert said()[1].endswith("2 dropped")


def test_a_forked_process_logs_neither_its_parents_losses_nor_the_same_failure(said):
    """It knows that delivery fails, as it then waits less at its end, and counts its own alone."""
    drops = Drops()
    drops.lost("traces", 3, "http://backend", "refused")
    if (child := fork()) == 0:
        try:
            is_known = drops.failing()
            drops.lost("traces", 2, "http://backend", "refused")
            own = drops.total("traces")
            drops.close()
            os._exit(0 if (is_known, own, len(said())) == (True, 2, 1) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert drops.total("traces") == 3
