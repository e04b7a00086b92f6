"""What if: recorded requests, replayed with their arrivals through a model of the event loops.

`jobs.recorded` makes programs of traces, `simulation.simulate` runs them, `changes` changes them,
and `prediction.what_if` compares. Nothing here is measured, and nothing is random: the same traces
give the same answer.
"""

from overlap.whatif.changes import (
    Change,
    parse_faster,
    parse_gather,
    parse_pool,
    parse_processes,
)
from overlap.whatif.jobs import Recorded, recorded
from overlap.whatif.prediction import what_if
from overlap.whatif.program import Call, Compute, Fork, Job, Run, Spawn, Use, Wait
from overlap.whatif.reading import read_traces
from overlap.whatif.simulation import Outcome, simulate

__all__ = [
    "Call", "Change", "Compute", "Fork", "Job", "Outcome", "Recorded", "Run", "Spawn", "Use",
    "Wait", "parse_faster", "parse_gather", "parse_pool", "parse_processes", "read_traces",
    "recorded", "simulate", "what_if",
]  # fmt: skip
