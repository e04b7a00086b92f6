"""The table of what a scenario expects and what its trace showed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from overlap.draw.text import clean, duration
from overlap.judge import Verdict
from overlap.scenario import Expectation, Scenario, handed_on_text, mismatches


@dataclass(frozen=True, slots=True)
class Check:
    """One row: something that a scenario's trace must show."""

    what: str
    wanted: str
    seen: str
    ok: bool


def checks(scenario: Scenario, verdict: Verdict | None) -> list[Check]:
    """Return what is expected and, if there is a verdict, what was seen."""
    return [
        Check(
            what,
            wanted,
            seen if verdict is not None else "",
            verdict is not None and not mismatches(part, verdict),
        )
        for what, wanted, seen, part in _parts(scenario.expect, verdict or Verdict("", []))
    ]


def _parts(expect: Expectation, seen: Verdict) -> Iterator[tuple[str, str, str, Expectation]]:
    shapes = _list(seen.shapes)
    if expect.shapes:
        yield (
            "shapes", _list(sorted(expect.shapes)), shapes, Expectation(shapes=expect.shapes)
        )  # fmt: skip
    if expect.never:
        there = sorted(expect.never & set(seen.shapes))
        yield (
            "must not show",
            _list(sorted(expect.never)),
            _list(there) if there else "none of them",
            Expectation(never=expect.never),
        )
    if expect.stages:
        wanted = [list(stage) for stage in expect.stages]
        group = next((group for group in seen.groups if group.stages == wanted), None)
        longest = max(seen.groups, key=lambda group: group.wall_ms, default=None)
        found = group or longest
        yield (
            "stages",
            stages(wanted),
            stages(found.stages) if found else "none",
            Expectation(stages=expect.stages),
        )
    if expect.overlap_factor:
        low, high = expect.overlap_factor
        factors = [
            group.overlap_factor
            for group in seen.groups
            if not expect.stages or group.stages == [list(stage) for stage in expect.stages]
        ]
        yield (
            "overlap factor",
            f"{low:g}" if low == high else f"{low:g} to {high:g}",
            _list([f"{factor:.2f}" for factor in factors]),
            Expectation(stages=expect.stages, overlap_factor=expect.overlap_factor),
        )
    if expect.culprit:
        yield (
            "culprit",
            expect.culprit,
            _list([clean(block.culprit) for block in seen.blocked]),
            Expectation(culprit=expect.culprit),
        )
    if expect.victims is not None:
        victims = [clean(name) for block in seen.blocked for name in block.victims]
        yield (
            "victims",
            _list(list(expect.victims)),
            _list(victims),
            Expectation(victims=expect.victims),
        )
    yield from _elsewhere(expect, seen)


def _elsewhere(expect: Expectation, seen: Verdict) -> Iterator[tuple[str, str, str, Expectation]]:
    if expect.background or expect.outlived_ms:
        least = f" by at least {duration(expect.outlived_ms)}" if expect.outlived_ms else ""
        longest: dict[str, float] = {}
        for item in seen.background:
            longest[item.span] = max(item.outlived_ms, longest.get(item.span, 0.0))
        yield (
            "past the response",
            _list(list(expect.background)) + least,
            _list([f"{clean(name)} by {duration(ms)}" for name, ms in longest.items()]),
            Expectation(background=expect.background, outlived_ms=expect.outlived_ms),
        )
    if expect.offloaded:
        yield (
            "on a thread",
            _list(list(expect.offloaded)),
            _list([clean(item.span) for item in seen.offloaded]),
            Expectation(offloaded=expect.offloaded),
        )
    if expect.cancelled is not None:
        yield (
            "cancelled",
            _list(list(expect.cancelled)),
            _list([clean(name) for name in seen.cancelled]),
            Expectation(cancelled=expect.cancelled),
        )
    yield from _work(expect, seen)
    yield from _figures(expect, seen)


def _work(expect: Expectation, seen: Verdict) -> Iterator[tuple[str, str, str, Expectation]]:
    if expect.lost is not None:
        yield (
            "lost",
            _list(list(expect.lost)),
            _list([clean(name) for name in seen.lost]),
            Expectation(lost=expect.lost),
        )
    if expect.handed is not None:
        yield (
            "sent to a worker",
            _list([handed_on_text(*each) for each in expect.handed]),
            _list([handed_on_text(clean(each.task), each.end, each.tries) for each in seen.handed]),
            Expectation(handed=expect.handed),
        )


def _figures(expect: Expectation, seen: Verdict) -> Iterator[tuple[str, str, str, Expectation]]:
    wanted = [list(stage) for stage in expect.stages]
    groups = [group for group in seen.groups if not wanted or group.stages == wanted]
    if expect.peak is not None:
        yield (
            "most at once",
            str(expect.peak),
            _list([str(group.peak) for group in groups]),
            Expectation(stages=expect.stages, peak=expect.peak),
        )
    if expect.wall_ms:
        yield (
            "total time",
            _between(*expect.wall_ms, duration),
            _list([duration(group.wall_ms) for group in groups]),
            Expectation(stages=expect.stages, wall_ms=expect.wall_ms),
        )
    requests = {row.request: row for row in seen.requests}
    if expect.times:
        one, other, low, high = expect.times
        rows = [requests[name] for name in (one, other) if name in requests]
        yield (
            "median times",
            f"{one} {low:g} to {high:g} times {other}",
            _list([f"{clean(row.request)} {duration(row.median_ms)}" for row in rows]),
            Expectation(times=expect.times),
        )
    if expect.first_part:
        name, low, high = expect.first_part
        share = requests[name].first_part if name in requests else None
        yield (
            "first part",
            f"{name} after {low:.0%} to {high:.0%} of its time",
            "none" if share is None else f"after {share:.0%}",
            Expectation(first_part=expect.first_part),
        )


def _between(low: float, high: float, words: Callable[[float], str]) -> str:
    return f"at least {words(low)}" if high == math.inf else f"{words(low)} to {words(high)}"


def stages(found: list[list[str]]) -> str:
    """Return stages as text: `tick × 5 › GET`; spans of one stage are joined by `∥`."""
    parts: list[tuple[str, int]] = []
    for stage in found:
        text = " ∥ ".join(_counted([clean(name) for name in stage]))
        if parts and parts[-1][0] == text:
            parts[-1] = (text, parts[-1][1] + 1)
        else:
            parts.append((text, 1))
    shown = [text if count == 1 else f"{text} × {count}" for text, count in parts[:12]]
    return " › ".join(shown) + (f" › … {len(parts) - 12} more" if len(parts) > 12 else "")


def _counted(items: list[str]) -> list[str]:
    counts = dict.fromkeys(items, 0)
    for item in items:
        counts[item] += 1
    return [item if count == 1 else f"{item} × {count}" for item, count in counts.items()]


def _list(items: list[str]) -> str:
    counted = _counted(items)
    more = f" and {len(counted) - 8} more" if len(counted) > 8 else ""
    return ", ".join(counted[:8]) + more if counted else "none"
