"""Measure every variant in turn, in several rounds, so that a drift affects all alike."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from overlap.bench.figures import Figures, Summary, best_peer, ratios, summary
from overlap.bench.load.saturation import headline, load_by
from overlap.bench.server.process import Failed, running_sink
from overlap.bench.server.variants import Variant, missing_sentence
from overlap.bench.trial import Loads, Say, trial


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and for how long."""

    variants: Sequence[Variant]
    rounds: int = 5
    loads: Loads = field(default_factory=Loads)
    pocket: bool = False
    """Whether OTLP is sent to the pocket backend's receiver instead of only being counted."""


@dataclass(slots=True)
class Comparison:
    """The figures of every variant and round."""

    plan: Plan
    machine: str
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a variant, or a round of it, is missing, in one line."""
    stopped: bool = False
    """Whether Ctrl-C ended it early."""

    @property
    def medians(self) -> dict[str, Summary]:
        """The summary of each measured variant."""
        return {name: summary(rounds) for name, rounds in self.rounds.items() if rounds}

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        medians = self.medians
        return {
            "machine": self.machine,
            "loader": self.plan.loads.by,
            "headline": headline(self.plan.loads.by),
            "plan": {
                "rounds": self.plan.rounds,
                "pocket": self.plan.pocket,
                **asdict(self.plan.loads),
            },
            "variants": medians,
            "ratios": ratios(medians),
            "best_peer": best_peer(medians),
            "failures": self.failures,
            "stopped": self.stopped,
            "rounds": {
                name: [asdict(figures) for figures in rounds]
                for name, rounds in self.rounds.items()
            },
        }


def compare(plan: Plan, report_step: Say, report_failure: Say) -> Comparison:
    """Measure all variants. A failed one does not end the others.

    `report_step` receives each step, `report_failure` each failure. Every process is ended in
    any case. A KeyboardInterrupt ends the measurement early; what was measured is returned.
    """
    result = Comparison(plan, machine())
    ready = []
    for variant in plan.variants:
        if variant.missing:
            _fail(result, variant, missing_sentence(variant), report_failure)
        else:
            ready.append(variant)
            result.rounds[variant.name] = []
    options = ["--pocket"] if plan.pocket else []
    with (
        tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder,
        running_sink(*options) as sink,
    ):
        try:
            _rounds(result, ready, sink, Path(folder), report_step, report_failure)
        except KeyboardInterrupt:  # return what was measured
            result.stopped = True
    result.rounds = {name: rounds for name, rounds in result.rounds.items() if rounds}
    return result


def _rounds(  # noqa: PLR0913, PLR0917
    result: Comparison,
    ready: Sequence[Variant],
    sink: str,
    folder: Path,
    report_step: Say,
    report_failure: Say,
) -> None:
    plan = result.plan
    for number in range(plan.rounds):
        # Each round starts with another variant, so that none is always the first.
        turn = number % max(1, len(ready))
        for variant in [*ready[turn:], *ready[:turn]]:
            prefix = f"round {number + 1} of {plan.rounds}, {variant.name}"
            try:
                figures = trial(
                    variant,
                    plan.loads,
                    sink,
                    folder,
                    lambda text, prefix=prefix: report_step(f"{prefix}: {text}"),  # type: ignore[misc]
                )
            except (Failed, OSError) as error:
                _fail(result, variant, str(error).splitlines()[0], report_failure)
            else:
                result.rounds[variant.name].append(figures)


def machine() -> str:
    """Return the machine and the versions on it, in one line."""
    import django
    import uvicorn

    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"uvicorn {uvicorn.__version__}; load by {load_by()}"
    )


def _fail(result: Comparison, variant: Variant, why: str, report_failure: Say) -> None:
    result.failures[variant.name] = why
    report_failure(f"{variant.name}: {why}")
