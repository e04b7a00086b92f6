"""What a scenario asks of its verdict: each field is seen to fail, and to hold."""

import math

import pytest

from overlap.judge import Group, Requests, Verdict
from overlap.judge.model import QueuedTask
from overlap.scenario import Expectation, mismatches

SEEN = Verdict(
    "t",
    ["concurrent"],
    groups=[
        Group("GET /", "1", [["call"] * 2], 2.0, peak=2, wall_ms=50.0, work_ms=90.0,
              critical_path=["call"]),
        Group("other", "2", [["x"]], 1.0, peak=1, wall_ms=5.0, work_ms=5.0, critical_path=["x"]),
    ],
    cancelled=["late", "late"],
    lost=["smoke"],
    handed=[
        QueuedTask("season", "worker", "done", 3, 1.0),
        QueuedTask("roast", "", "waiting", 0, None),
    ],
    requests=[
        Requests("GET /a/", 2, 30.0, 40.0, first_part=0.9),
        Requests("GET /b/", 2, 20.0, 20.0),
    ],
)  # fmt: skip
CALLS = (("call", "call"),)


@pytest.mark.parametrize(
    "expect",
    [
        Expectation(peak=2),
        Expectation(peak=1),
        Expectation(stages=CALLS, peak=2),
        Expectation(stages=CALLS, wall_ms=(50.0, math.inf)),
        Expectation(cancelled=("late", "late")),
        Expectation(lost=("smoke",)),
        Expectation(handed=(("season", "done", 3), ("roast", "waiting", 0))),
        Expectation(times=("GET /a/", "GET /b/", 1.5, 1.5)),
        Expectation(first_part=("GET /a/", 0.9, 1.0)),
    ],
)
def test_what_is_there_is_no_mismatch(expect):
    """Bounds are included; without stages any group will do."""
    assert mismatches(expect, SEEN) == []


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        (Expectation(stages=CALLS, peak=1), "expected 1 at once, saw 2"),
        (Expectation(peak=3), "expected 3 at once, saw 2, 1"),
        (Expectation(stages=CALLS, wall_ms=(0, 49)), "expected 0 to 49 ms in total, saw 50"),
        (Expectation(lost=()), "expected nobody to be lost, saw smoke"),
        (
            Expectation(handed=(("season", "failed", 1),)),
            "expected these tasks sent to a worker: season failed, "
            "saw roast waiting, season done after 3 tries",
        ),
        (Expectation(cancelled=()), "expected nobody to be cancelled, saw late, late"),
        (Expectation(cancelled=("late",)), "expected late to be cancelled, saw late, late"),
        (
            Expectation(times=("GET /a/", "GET /b/", 0.5, 1.2)),
            "expected GET /a/ to take 0.5 to 1.2 times GET /b/, saw 1.50",
        ),
        (
            Expectation(times=("GET /a/", "GET /", 0, 9)),
            "expected GET /a/ and GET /, saw GET /a/, GET /b/",
        ),
        (
            Expectation(first_part=("GET /a/", 0, 0.5)),
            "expected GET /a/'s first part after 0 to 0.5 of its time, saw 0.90",
        ),
        (
            Expectation(first_part=("GET /b/", 0, 0.5)),
            "expected GET /b/'s first part after 0 to 0.5 of its time, saw none",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_a_sentence(expect, problem):
    """It says what was asked for and what was seen."""
    assert mismatches(expect, SEEN) == [problem]
