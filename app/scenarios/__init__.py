"""The lessons, as data: what to request and when, what the trace must show, and why.

A module a theme; the tutorial's own come first, in its order.
"""

from app.scenarios import tutorial
from overlap.scenario import Scenario

SCENARIOS: list[Scenario] = [
    *tutorial.LESSONS,
]
