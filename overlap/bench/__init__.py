"""Benchmarks: what telemetry costs, as ratios within one run on one machine.

Names are imported on first use: the measured servers are in this package too, and the imports
of the measurement must not count as their memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.bench.comparison import Comparison, Plan, compare, machine
    from overlap.bench.figures import ratios
    from overlap.bench.load.burst import Burst, BurstReport, measure
    from overlap.bench.load.saturation import load_by
    from overlap.bench.pair import Pair, alternate
    from overlap.bench.report.tables import WIDTH, burst_table, lines, pair_table, table
    from overlap.bench.server.checkout import Checkout, checkout
    from overlap.bench.server.variants import VARIANTS, choose, only_one
    from overlap.bench.trial import Loads

__all__ = [
    "VARIANTS",
    "WIDTH",
    "Burst",
    "BurstReport",
    "Checkout",
    "Comparison",
    "Loads",
    "Pair",
    "Plan",
    "alternate",
    "burst_table",
    "checkout",
    "choose",
    "compare",
    "lines",
    "load_by",
    "machine",
    "measure",
    "only_one",
    "pair_table",
    "ratios",
    "table",
]

_HOMES = {
    "load.burst": ("Burst", "BurstReport", "measure"),
    "comparison": ("Comparison", "Plan", "compare", "machine"),
    "figures": ("ratios",),
    "load.saturation": ("load_by",),
    "report.tables": ("WIDTH", "burst_table", "lines", "pair_table", "table"),
    "pair": ("Pair", "alternate"),
    "trial": ("Loads",),
    "server.checkout": ("Checkout", "checkout"),
    "server.variants": ("VARIANTS", "choose", "only_one"),
}


def __getattr__(name: str) -> Any:
    for home, exported in _HOMES.items():
        if name in exported:
            return getattr(import_module(f"overlap.bench.{home}"), name)
    raise AttributeError(f"module 'overlap.bench' has no attribute {name!r}")
