"""Scenario, Request, Expectation: what to request and when, and what the trace must show.

A *scenario* is a set of requests fired on a timeline under one root span, judged as one trace.

A project lists its own (`[tool.overlap] scenarios = "package.module:NAME"` in
pyproject.toml); `overlap play` and the pocket backend's page read the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from overlap.judge import Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a scenario, fired `at` seconds after the scenario's start."""

    path: str
    at: float = 0.0
    method: str = "GET"
    neighbour: bool = False
    """A request that is fired only to see whether it is delayed."""
    status: int | None = None
    """The expected status; None: anything below 400."""
    leaves_after: float | None = None
    """Seconds after which the client disconnects; None: it waits for the response."""
    ends_app: bool = False
    """The request ends the process that serves it: there is no response, and the scenario is over
    when the app answers again."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a scenario's verdict must show. An empty field is not checked."""

    shapes: frozenset[str] = frozenset()
    """Shapes that the trace must have."""
    never: frozenset[str] = frozenset()
    """Shapes that the trace must not have."""
    stages: tuple[tuple[str, ...], ...] = ()
    """Some group has exactly these stages."""
    overlap_factor: tuple[float, float] | None = None
    """Both bounds included: of that group's overlap factor (of any group's, without stages)."""
    peak: int | None = None
    """The most spans of that group that run at once (of some group, without stages)."""
    wall_ms: tuple[float, float] | None = None
    """Both bounds included: from that group's first start to its last end (as above)."""
    culprit: str = ""
    """Part of the culprit of some block."""
    victims: tuple[str, ...] | None = None
    """Exactly these span names, in any order, are the victims of all blocks together."""
    background: tuple[str, ...] = ()
    """Each of these span names outlived its response."""
    outlived_ms: float = 0.0
    """The longest of them outlived it by at least this many milliseconds."""
    offloaded: tuple[str, ...] = ()
    """Each of these span names ran on another thread than its parent."""
    cancelled: tuple[str, ...] | None = None
    """Exactly these span names, in any order, were cancelled."""
    lost: tuple[str, ...] | None = None
    """Exactly these background tasks, in any order, started and never ended."""
    handed: tuple[tuple[str, str, int], ...] | None = None
    """Exactly these tasks, in any order, were sent to a worker: task, end, number of tries."""
    times: tuple[str, str, float, float] | None = None
    """Two names of requests, and the bounds of the one's median time over the other's."""
    first_part: tuple[str, float, float] | None = None
    """A name of streamed requests, and the bounds of the time to the first part, as a share (0 to
    1) of the request's duration."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario."""

    name: str
    title: str
    why: str
    """Two sentences at most: what shape to expect, and why."""
    requests: tuple[Request, ...]
    expect: Expectation
    pair: str | None = None
    """The name of the scenario that does the same work in another way."""
    source: str = ""
    """The file of the view, shown to the reader: `app/views/smoking.py`."""
    wait_for: dict[str, int] = field(default_factory=dict)
    """Span name to count: the trace is complete once it has at least these spans. Needed for work
    whose end is not recorded."""
    within: float = 30.0
    """Seconds after the last request within which the trace must be complete."""
    server: str = ""
    """The server to play it on, if not the app's own: a key of [tool.overlap.servers]."""
    warm_up: tuple[str, ...] = ()
    """Paths to request first, one after another, in traces of their own: what a server does only at
    the first request is not in the scenario's trace then."""

    def __post_init__(self) -> None:
        """Raise ValueError if a text has characters that can't be sent: half a surrogate pair."""
        paths = (*(request.path for request in self.requests), *self.warm_up)
        for text in (self.name, self.title, self.why, self.source, self.pair or "", *paths):
            try:
                text.encode()
            except UnicodeEncodeError:
                raise ValueError(f"a scenario has a text that can't be sent: {text!a}") from None


def mismatches(expect: Expectation, verdict: Verdict) -> list[str]:
    """Return where the verdict differs from the expectation, a sentence each."""
    return list(_mismatches(expect, verdict))


def _mismatches(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    shapes = set(verdict.shapes)
    for shape in sorted(expect.shapes - shapes):
        yield f"expected the shape {shape}, which is missing"
    for shape in sorted(expect.never & shapes):
        yield f"the shape {shape} is there and should not be"
    yield from _group_mismatches(expect, verdict)
    yield from _block_mismatches(expect, verdict)
    yield from _time_mismatches(expect, verdict)
    outlived = {item.span: item.outlived_ms for item in verdict.background}
    for name in expect.background:
        if name not in outlived:
            yield f"expected {name} to run past the response, and it did not"
    if expect.outlived_ms and max(outlived.values(), default=0.0) < expect.outlived_ms:
        longest = max(outlived.values(), default=0.0)
        yield f"expected work {expect.outlived_ms:.0f} ms past the response, saw {longest:.0f} ms"
    elsewhere = {item.span for item in verdict.offloaded}
    for name in expect.offloaded:
        if name not in elsewhere:
            yield f"expected {name} on another thread than its parent, and it was not"
    if expect.cancelled is not None and sorted(expect.cancelled) != sorted(verdict.cancelled):
        wanted, seen = (_names(found) for found in (expect.cancelled, verdict.cancelled))
        yield f"expected {wanted} to be cancelled, saw {seen}"
    yield from _work_mismatches(expect, verdict)


def _work_mismatches(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    if expect.lost is not None and sorted(expect.lost) != sorted(verdict.lost):
        yield f"expected {_names(expect.lost)} to be lost, saw {_names(verdict.lost)}"
    if expect.handed is not None:
        seen = sorted((item.task, item.end, item.tries) for item in verdict.handed)
        if seen != sorted(expect.handed):
            wanted, found = (
                _names(handed_on_text(*each) for each in all_)
                for all_ in (sorted(expect.handed), seen)
            )
            yield f"expected these tasks sent to a worker: {wanted}, saw {found}"


def handed_on_text(task: str, end: str, tries: int) -> str:
    """Return a task as text: `app.tasks.season done after 3 tries`."""
    return f"{task} {end}" + (f" after {tries} tries" if tries > 1 else "")


def _group_mismatches(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    groups = list(verdict.groups)
    if expect.stages:
        wanted = [list(stage) for stage in expect.stages]
        groups = [group for group in groups if group.stages == wanted]
        if not groups:
            yield f"expected the stages {_stages(wanted)}, which no group has"
            return
    if expect.overlap_factor:
        low, high = expect.overlap_factor
        if not any(low <= group.overlap_factor <= high for group in groups):
            seen = ", ".join(f"{group.overlap_factor:.2f}" for group in groups) or "none"
            yield f"expected an overlap factor from {low} to {high}, saw {seen}"
    if expect.peak is not None and all(group.peak != expect.peak for group in groups):
        seen = ", ".join(str(group.peak) for group in groups) or "none"
        yield f"expected {expect.peak} at once, saw {seen}"
    if expect.wall_ms:
        low, high = expect.wall_ms
        if not any(low <= group.wall_ms <= high for group in groups):
            seen = ", ".join(f"{group.wall_ms:.0f}" for group in groups) or "none"
            yield f"expected {low:.0f} to {high:.0f} ms in total, saw {seen}"


def _block_mismatches(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    if expect.culprit and not any(expect.culprit in block.culprit for block in verdict.blocked):
        seen = ", ".join(block.culprit for block in verdict.blocked) or "nobody"
        yield f"expected the culprit {expect.culprit}, saw {seen}"
    if expect.victims is not None:
        victims = sorted(name for block in verdict.blocked for name in block.victims)
        if victims != sorted(expect.victims):
            yield f"expected the victims {_names(expect.victims)}, saw {_names(victims)}"


def _time_mismatches(expect: Expectation, verdict: Verdict) -> Iterator[str]:
    requests = {row.request: row for row in verdict.requests}
    if expect.times:
        one, other, low, high = expect.times
        if one not in requests or other not in requests:
            yield f"expected {one} and {other}, saw {_names(requests)}"
        else:
            times = requests[one].median_ms / max(requests[other].median_ms, 0.001)
            if not low <= times <= high:
                yield f"expected {one} to take {low} to {high} times {other}, saw {times:.2f}"
    if expect.first_part:
        name, low, high = expect.first_part
        share = requests[name].first_part if name in requests else None
        if share is None or not low <= share <= high:
            seen = "none" if share is None else f"{share:.2f}"
            yield f"expected {name}'s first part after {low} to {high} of its time, saw {seen}"


def _names(found: Iterable[str]) -> str:
    return ", ".join(found) or "nobody"


def _stages(stages: list[list[str]]) -> str:
    return ", ".join("{" + ", ".join(stage) + "}" for stage in stages)
