"""Merge surveys: the survey of two sets of traces is the sum of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from overlap.survey.totals.durations import Durations
from overlap.survey.totals.model import AdviceSum, Block, Route, Totals, Waited

T = TypeVar("T")


def add(into: Totals, other: Totals) -> None:
    """Add `other` to `into`."""
    into.traces += other.traces
    into.spans += other.spans
    into.start_ns = lowest(into.start_ns, other.start_ns)
    into.end_ns = highest(into.end_ns, other.end_ns)
    _each(into.routes, other.routes, lambda one: Route(one.service, one.route), _add_route)
    _each(into.blocks, other.blocks, _copy, _keep)
    _each(into.waited, other.waited, lambda _: Waited(), _add_waited)
    _each(into.background, other.background, lambda _: {}, _count)
    _count(into.lost, other.lost)
    _count(into.warnings, other.warnings)


def _each(
    into: dict[str, T],
    other: dict[str, T],
    empty: Callable[[T], T],
    update: Callable[[T, T], None],
) -> None:
    for key, value in other.items():
        if (mine := into.get(key)) is None:
            mine = into[key] = empty(value)
        update(mine, value)


def _add_route(into: Route, other: Route) -> None:
    into.durations.update(other.durations)
    into.errors += other.errors
    into.traces += other.traces
    _count(into.shapes, other.shapes)
    _each(into.self_time, other.self_time, lambda _: Durations(), Durations.update)
    _each(into.advice, other.advice, _same_advice, _add_advice)


def _same_advice(one: AdviceSum) -> AdviceSum:
    return AdviceSum(one.change, one.at, one.parent, one.condition)


def _add_advice(into: AdviceSum, other: AdviceSum) -> None:
    into.savings.update(other.savings)
    into.others_ns += other.others_ns
    into.condition = min(into.condition, other.condition)


def _add_waited(into: Waited, other: Waited) -> None:
    into.requests += other.requests
    into.ns += other.ns


def _count(into: dict[str, int], other: dict[str, int]) -> None:
    for key, count in other.items():
        into[key] = into.get(key, 0) + count


def _copy(one: Block) -> Block:
    return msgspec.structs.replace(one)


def _keep(_into: Block, _other: Block) -> None:
    """A block has one span: there is nothing to add."""


def lowest(one: int | None, other: int | None) -> int | None:
    """Return the lesser of two times, of which either may be unknown."""
    return _bound(min, one, other)


def highest(one: int | None, other: int | None) -> int | None:
    """Return the greater of two times, of which either may be unknown."""
    return _bound(max, one, other)


def _bound(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
