"""Compare two variants, or two checkouts, in alternation: detects a difference of one per cent.

The rounds of a whole comparison are minutes apart, in which a shared machine may become a tenth
faster or slower. Here both servers run, each turn loads one directly after the other, and the
result is the ratio within a turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import comb
from pathlib import Path
from statistics import fmean, median
from typing import Any

from overlap.bench.load.saturation import full_load, headline, load_by
from overlap.bench.server.checkout import Checkout
from overlap.bench.server.process import Failed, Server, running_sink
from overlap.bench.server.variants import Variant
from overlap.bench.server.vitals import processor_s

ERROR_PROBABILITY = 0.05
"""The probability that the true median is outside the interval."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Side:
    """One of the two variants."""

    variant: Variant
    rps: list[float] = field(default_factory=list)
    """One value for each turn."""
    busy_s: float = 0.0
    """Processor time of its server, over all turns."""
    served: int = 0
    checkout: Checkout | None = None
    """Where its code is taken from; None: from here."""
    cpu_by_turn: list[float] = field(default_factory=list)
    """Seconds of processor time per request in each turn."""

    @property
    def name(self) -> str:
        """The variant's name, with its checkout's."""
        name = self.variant.name
        return name if self.checkout is None else f"{name} of {self.checkout.name}"

    @property
    def cpu_us(self) -> float | None:
        """Microseconds of processor time per request; None if the system does not report it."""
        return self.busy_s / self.served * 1e6 if self.busy_s and self.served else None


@dataclass(slots=True)
class Pair:
    """The result: `first` over `second`."""

    first: Side
    second: Side
    path: str
    seconds: int
    machine: str
    stopped: bool = False
    """Whether Ctrl-C ended it early."""
    headline: str = "rps"
    """The figure to read first: `rps` or `cpu_us`."""
    started_at: list[int] = field(default_factory=list)
    """Before which turn both servers were started. More than once: what lies between two starts
    counts as one value, as two processes of the same code may differ by some per cent."""

    @property
    def ratios(self) -> list[float]:
        """The ratio of req/s in each turn."""
        both = zip(self.first.rps, self.second.rps, strict=False)
        return [ours / theirs for ours, theirs in both if theirs]

    @property
    def cpu_ratio(self) -> float | None:
        """The ratio of processor time per request."""
        ours, theirs = self.first.cpu_us, self.second.cpu_us
        return ours / theirs if ours and theirs else None

    @property
    def cpu_between(self) -> tuple[float, float] | None:
        """The 95 % interval of that ratio within a turn; None if it is not measured."""
        both = zip(self.first.cpu_by_turn, self.second.cpu_by_turn, strict=False)
        found = self._samples([ours / theirs for ours, theirs in both if theirs])
        return confidence_interval(found) if found else None

    def _samples(self, ratios: list[float]) -> list[float]:
        """Return the values that are independent of each other: of each turn, or of each start."""
        if len(self.started_at) <= 1:
            return ratios
        bounds = zip(self.started_at, (*self.started_at[1:], len(ratios)), strict=True)
        return [fmean(part) for begin, end in bounds if (part := ratios[begin:end])]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        found, cpu_between = self.ratios, self.cpu_between
        low, high = confidence_interval(self._samples(found))
        return {
            "machine": self.machine,
            "headline": self.headline,
            "path": self.path,
            "seconds": self.seconds,
            "turns": len(found),
            "starts": max(1, len(self.started_at)),
            "rps_ratio": round(median(self._samples(found)), 4),
            "between": [round(low, 4), round(high, 4)],
            "cpu_ratio": self.cpu_ratio and round(self.cpu_ratio, 4),
            "cpu_between": cpu_between and [round(each, 4) for each in cpu_between],
            "sides": [
                {
                    "variant": each.variant.name,
                    "checkout": each.checkout and each.checkout.name,
                    "rps": round(median(each.rps), 1),
                    "cpu_us": each.cpu_us and round(each.cpu_us, 1),
                }
                for each in (self.first, self.second)
            ],
            "stopped": self.stopped,
        }


def confidence_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the median.

    Source: the inverted sign test (W. J. Conover, Practical Nonparametric Statistics, 3.2): no
    distribution is assumed, only that the turns are independent of each other.
    """
    ordered, count = sorted(values), len(values)
    rank, tail = 0, 1  # tail: of 2**count, the cases in which `rank` or fewer are below
    while 2 * tail <= ERROR_PROBABILITY * 2**count:
        rank += 1
        tail += comb(count, rank)
    outside = max(0, rank - 1)
    return ordered[outside], ordered[-1 - outside]


def alternate(  # noqa: PLR0913
    variants: tuple[Variant, Variant],
    path: str,
    *,
    turns: int,
    seconds: int,
    say: Say,
    against: Checkout | None = None,
    starts: int = 1,
) -> Pair:
    """Measure both. Raise Failed if one can't be measured; Ctrl-C ends it early.

    seconds: of each load; a turn is two loads.
    against: where the second variant's code is taken from; None: from here, as the first's.
    starts: how often both servers are started, each time for its part of the turns.
    """
    from overlap.bench.comparison import machine

    first, second = Side(variants[0]), Side(variants[1], checkout=against)
    result = Pair(first, second, path, seconds, machine(), headline=headline(load_by()))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="overlap-bench-")))
        sink = stack.enter_context(running_sink())
        try:
            for start in range(starts):
                result.started_at.append(len(result.ratios))
                done, until = (turns * number // starts for number in (start, start + 1))
                _one_start(result, folder / str(start), sink, range(done, until), turns, say)
        except KeyboardInterrupt:
            if not result.ratios:
                raise
            result.stopped = True
    return result


def _one_start(  # noqa: PLR0913, PLR0917
    result: Pair, folder: Path, sink: str, numbers: range, turns: int, say: Say
) -> None:
    """Start both servers, measure some of the turns, and stop them."""
    with ExitStack() as stack:
        servers = []
        for number, side in enumerate((result.first, result.second)):
            own = folder / str(number)
            own.mkdir(parents=True)
            servers.append((side, stack.enter_context(_server(side, sink, own))))
        for side, server in servers:
            say(f"{side.name} warms up")
            full_load(server.url + result.path, 1, by=load_by())
        for turn in numbers:
            # They take turns in going first: a drift favours neither.
            for side, server in servers[:: -1 if turn % 2 else 1]:
                say(f"turn {turn + 1} of {turns}, {side.name}")
                _load(side, server, result.path, result.seconds)


def _server(side: Side, sink: str, folder: Path) -> Server:
    return Server(side.variant, sink, folder, checkout=side.checkout)


def _load(side: Side, server: Server, path: str, seconds: int) -> None:
    before, already = processor_s(server.pid), server.served()
    load = full_load(server.url + path, seconds, by=load_by())
    after, served = processor_s(server.pid), server.served() - already
    if load.failed:
        raise Failed(f"{side.name}: {load.failed} requests failed; {server.last_line()}")
    side.rps.append(load.rps)
    if before is not None and after is not None:
        side.busy_s += after - before
        side.served += served
        if served:
            side.cpu_by_turn.append((after - before) / served)
