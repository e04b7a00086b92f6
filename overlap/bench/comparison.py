"""Every variant in turn, round after round: what the machine does meanwhile hits all alike."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from overlap.bench.figures import Figures, Summary, best_peer, ratios, summary
from overlap.bench.load.saturation import load_by
from overlap.bench.server.process import Failed, running_sink
from overlap.bench.server.variants import Variant, missing_sentence
from overlap.bench.trial import Loads, Say, trial


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure and how long."""

    variants: Sequence[Variant]
    rounds: int = 5
    loads: Loads = field(default_factory=Loads)
    pocket: bool = False
    """Whether OTLP goes through the pocket backend's receiver, and not only to be counted."""


@dataclass(slots=True)
class Comparison:
    """What came of it."""

    plan: Plan
    machine: str
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a variant is missing, or some round of it, in one line."""
    stopped: bool = False
    """Whether Ctrl-C ended it before its last round's end."""

    @property
    def medians(self) -> dict[str, Summary]:
        """Each measured variant's figures over all rounds."""
        return {name: summary(rounds) for name, rounds in self.rounds.items() if rounds}

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        medians = self.medians
        return {
            "machine": self.machine,
            "loader": self.plan.loads.by,
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


def compare(plan: Plan, say: Say, told: Say) -> Comparison:
    """Measure. `say` is told of each step, `told` of each variant that fails, which ends no other.

    Every process that is started is ended, whatever happens. A KeyboardInterrupt ends it early,
    and what has been measured by then is what comes of it.
    """
    result = Comparison(plan, machine())
    ready = []
    for variant in plan.variants:
        if variant.missing:
            _fail(result, variant, missing_sentence(variant), told)
        else:
            ready.append(variant)
            result.rounds[variant.name] = []
    options = ["--pocket"] if plan.pocket else []
    with (
        tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder,
        running_sink(*options) as sink,
    ):
        try:
            _rounds(result, ready, sink, Path(folder), say, told)
        except KeyboardInterrupt:  # what has been measured by then is worth its time
            result.stopped = True
    result.rounds = {name: rounds for name, rounds in result.rounds.items() if rounds}
    return result


def _rounds(  # noqa: PLR0913, PLR0917
    result: Comparison, ready: Sequence[Variant], sink: str, folder: Path, say: Say, told: Say
) -> None:
    plan = result.plan
    for number in range(plan.rounds):
        # Another one begins each round, so that none is always the first.
        turn = number % max(1, len(ready))
        for variant in [*ready[turn:], *ready[:turn]]:
            where = f"round {number + 1} of {plan.rounds}, {variant.name}"
            try:
                figures = trial(
                    variant,
                    plan.loads,
                    sink,
                    folder,
                    lambda text, where=where: say(f"{where}: {text}"),  # type: ignore[misc]
                )
            except (Failed, OSError) as error:
                _fail(result, variant, str(error).splitlines()[0], told)
            else:
                result.rounds[variant.name].append(figures)


def machine() -> str:
    """The machine and what serves on it, in one line."""
    import django
    import uvicorn

    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"uvicorn {uvicorn.__version__}; load by {load_by()}"
    )


def _fail(result: Comparison, variant: Variant, why: str, told: Say) -> None:
    result.failures[variant.name] = why
    told(f"{variant.name}: {why}")
