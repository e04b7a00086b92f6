"""Advice beside what happened: a scenario's prediction, and the time of the pair that made it.

A pair counts only if its trace shows the change: the advised spans run at once, the repeated
queries or set-ups no longer occur, or the event loop is no longer blocked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from overlap import names
from overlap.judge import Advice
from overlap.judge.model import PROCESSES
from overlap.play.result import Result

TOLERANCE = 0.1
TOLERANCE_MS = 20.0
"""A prediction holds within a tenth of what was measured, or within 20 ms."""
OFF_LOOP, DURABLE = "off_loop", "durable"
_AT_ONCE = ("gather", "threads", "limit")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one or more changes should gain, and what they gained. Times in ms."""

    scenario: str
    pair: str
    changes: list[str]
    what: str
    """`request`: how long it takes; `others`: how much less the neighbours wait in all."""
    today_ms: float
    """How long the request takes, or the neighbours wait, without the change."""
    predicted_ms: float
    measured_ms: float

    @property
    def holds(self) -> bool:
        """Whether the prediction came true, within the tolerance."""
        allowed = max(TOLERANCE * abs(self.measured_ms), TOLERANCE_MS)
        return abs(self.predicted_ms - self.measured_ms) <= allowed

    def as_dict(self) -> dict[str, Any]:
        """Return the prediction as `overlap play --json` prints it."""
        return {**asdict(self), "holds": self.holds}


def predictions(results: Sequence[Result]) -> list[Prediction]:
    """Return a prediction for each scenario whose pair was played too and made the change."""
    played = {result.scenario.name: result for result in results}
    found: list[Prediction] = []
    for result in results:
        pair = played.get(result.scenario.pair or "")
        if pair is not None:
            found.extend(_of_request(result, pair))
            found.extend(_of_others(result, pair))
    return found


def _of_request(result: Result, pair: Result) -> Iterator[Prediction]:
    timed = [item for item in result.verdict.advice if item.saves_ms > 0]
    today = max((item.request_ms for item in timed), default=0.0)
    # A scenario may have several requests: the longest is compared with the pair's longest.
    made = [item for item in timed if item.request_ms == today and _is_made(item, result, pair)]
    if made:
        yield Prediction(
            scenario=result.scenario.name,
            pair=pair.scenario.name,
            changes=[item.change for item in made],
            what="request",
            today_ms=today,
            predicted_ms=today - sum(item.saves_ms for item in made),
            measured_ms=sum(segment.ms for segment in pair.verdict.critical_path),
        )


def _of_others(result: Result, pair: Result) -> Iterator[Prediction]:
    gains = [item.others_ms for item in result.verdict.advice if item.change == OFF_LOOP]
    today = _neighbours_ms(result)
    if today and sum(gains) and not pair.verdict.blocked:
        yield Prediction(
            scenario=result.scenario.name,
            pair=pair.scenario.name,
            changes=[OFF_LOOP],
            what="others",
            today_ms=today,
            predicted_ms=sum(gains),
            measured_ms=today - _neighbours_ms(pair),
        )


def _is_made(item: Advice, result: Result, pair: Result) -> bool:
    advised = _names(item, result)
    if item.change in _AT_ONCE:
        return _peak(advised, pair) > _peak(advised, result)
    if item.change == PROCESSES:
        return all(each.change != PROCESSES for each in pair.verdict.advice)
    counts = Counter(span.name for span in pair.trace.spans)
    return all(counts[name] < count for name, count in advised.items())


def _names(item: Advice, result: Result) -> Counter[str]:
    ids = set(item.span_ids)
    return Counter(span.name for span in result.trace.spans if span.span_id in ids)


def _peak(advised: Counter[str], result: Result) -> int:
    """Return the most spans that ran at once in a group that has all of these names."""
    return max(
        (
            group.peak
            for group in result.verdict.groups
            if advised.keys() <= {name for stage in group.stages for name in stage}
        ),
        default=0,
    )


def _neighbours_ms(result: Result) -> float:
    """Return how long the neighbours waited for their responses, all together."""
    return sum(
        (span.end_ns - span.start_ns) / 1e6
        for span in result.trace.spans
        if span.attributes.get(names.NEIGHBOUR) and span.end_ns
    )
