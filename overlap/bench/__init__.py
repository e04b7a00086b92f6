"""Timing claims, measured: ratios within one run, on the machine it runs on."""

from overlap.bench.burst import Burst, BurstReport, measure

__all__ = ["Burst", "BurstReport", "measure"]
