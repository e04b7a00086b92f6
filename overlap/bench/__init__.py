"""Timing claims, measured: ratios within one run, on the machine it runs on.

Imported on first use: the servers that are measured live in this package too, and what
the measuring needs is not to count as their memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.bench.burst import Burst, BurstReport, measure
    from overlap.bench.columns import WIDTH, lines, table
    from overlap.bench.comparison import Comparison, Plan, compare, machine
    from overlap.bench.figures import ratios
    from overlap.bench.full import load_by
    from overlap.bench.trial import Loads
    from overlap.bench.variants import VARIANTS, choose

__all__ = [
    "VARIANTS",
    "WIDTH",
    "Burst",
    "BurstReport",
    "Comparison",
    "Loads",
    "Plan",
    "choose",
    "compare",
    "lines",
    "load_by",
    "machine",
    "measure",
    "ratios",
    "table",
]

_HOMES = {
    "burst": ("Burst", "BurstReport", "measure"),
    "comparison": ("Comparison", "Plan", "compare", "machine"),
    "figures": ("ratios",),
    "full": ("load_by",),
    "columns": ("WIDTH", "lines", "table"),
    "trial": ("Loads",),
    "variants": ("VARIANTS", "choose"),
}


def __getattr__(name: str) -> Any:
    for home, exported in _HOMES.items():
        if name in exported:
            return getattr(import_module(f"overlap.bench.{home}"), name)
    raise AttributeError(f"module 'overlap.bench' has no attribute {name!r}")
