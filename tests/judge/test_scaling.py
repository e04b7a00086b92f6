"""Worst cases stay near linear: counted in calls and lines of Python, never in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from overlap import names, verdict
from overlap.judge.findings.stages import stages
from overlap.trace import Span


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python (and calls of C functions) the work takes."""
    count = 0

    def lines(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return lines

    before = sys.gettrace()
    sys.settrace(lines)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


SHAPES = {
    "all at once": lambda i, n: (i, 10 * n + i),
    "a staircase": lambda i, n: (i * 10, i * 10 + 500),
    "a staircase that grazes": lambda i, n: (i * 96, i * 96 + 100),
    "nested": lambda i, n: (i, 4 * n - i),
    "equal": lambda i, n: (5, 9),
    "one long and many tiny": lambda i, n: (0, n * 100) if i == 0 else (i * 100, i * 100 + 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_siblings_are_staged_in_near_linear_steps(shape: str) -> None:
    """Ten times the siblings, about ten times the steps; a quadratic one would take a hundred."""

    def times(count: int) -> list[tuple[int, int]]:
        return [SHAPES[shape](i, count) for i in range(count)]

    few, many = (steps(lambda n=n: stages(times(n))) for n in (1_000, 10_000))  # type: ignore[misc]
    assert many < 15 * few


def deep(count: int) -> list[Span]:
    """A chain of requests, and at its end as many blocks, to which each of them is an ancestor."""
    chain = [
        Span("t", f"{i}", "s", 1 + i, 10**9, f"{i - 1}" if i else None, "server", "x")
        for i in range(count)
    ]
    return chain + [
        Span("t", f"b{i}", names.SPAN_BLOCKED, 10**6 + i, 10**7 + i, f"{count - 1}", service="x")
        for i in range(count)
    ]


def wide(count: int) -> list[Span]:
    """Requests next to as many blocks, none in flight during any of them."""
    requests = [
        Span("t", f"{i}", "s", 100 * i + 1, 100 * i + 50, None, "server", "x") for i in range(count)
    ]
    return requests + [
        Span("t", f"b{i}", names.SPAN_BLOCKED, 100 * i + 60, 100 * i + 90, None, service="x")
        for i in range(count)
    ]


def skewed(count: int) -> list[Span]:
    """Calls in calls, each service's clock another."""
    found: list[Span] = []
    for i in range(count):
        up = f"s{i - 1}" if i else None
        found.append(Span("t", f"c{i}", "call", 1 + i, 10**12 - i, up, "client", f"svc{i}"))
        at = 5 * 10**12 + i
        found.append(Span("t", f"s{i}", "serve", at, at + 10, f"c{i}", "server", f"svc{i + 1}"))
    return found


@pytest.mark.parametrize("make", [deep, wide, skewed])
def test_hostile_traces_are_judged_in_near_linear_steps(make: Callable[[int], list[Span]]) -> None:
    """Eight times the spans, about eight times the steps; a quadratic one would take 64."""
    few, many = (steps(lambda n=n: verdict(make(n))) for n in (250, 2_000))  # type: ignore[misc]
    assert many < 16 * few


def test_the_list_of_victims_has_an_end() -> None:
    """Every request a victim of every block: the lists stop, and the verdict says so."""
    count = 400
    requests = [Span("t", f"{i}", "s", 1, 100, None, "server", "x") for i in range(count)]
    blocks = [
        Span("t", f"b{i}", names.SPAN_BLOCKED, 1, 100, None, service="x") for i in range(count)
    ]
    found = verdict([*requests, *blocks])
    assert sum(len(block.victims) for block in found.blocked) == 10_000
    assert any("victims" in warning for warning in found.warnings)
