"""Scenarios: CPU-bound work on the event loop, in threads, in processes and in Celery."""

import math

from app.scenarios.terms import CALM, neighbours
from app.simulation import GRIND
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/cpu.py"
TWO = (("grind", "grind"),)

SCENARIOS = [
    Scenario(
        name="cpu",
        title="CPU-bound work on the event loop",
        why="Grinding awaits nothing, so nothing else can run. async helps with waiting, and here "
        "only the neighbours wait.",
        requests=(Request("/cpu/"), *neighbours(GRIND)),
        expect=Expectation(
            shapes=frozenset({"blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            culprit="in grind",
            victims=("GET /", "GET /", "GET /"),
        ),
        pair="cpu_processes",
        source=SOURCE,
    ),
    Scenario(
        name="cpu_threads",
        title="Twice the CPU-bound work, in two threads",
        why="The loop can run again, and the two spans overlap. But the interpreter lock lets "
        "only one thread compute at a time: together they take the time of both.",
        requests=(Request("/cpu/threads/"), *neighbours(GRIND)),
        expect=Expectation(
            shapes=frozenset({"concurrent", "offloaded"}),
            never=CALM | {"background", "serial"},
            stages=TWO,
            offloaded=("grind", "grind"),
            wall_ms=(0.98 * 2 * GRIND * 1000, math.inf),
            victims=(),
        ),
        pair="cpu_processes",
        source=SOURCE,
    ),
    Scenario(
        name="cpu_processes",
        title="Twice the CPU-bound work, in two processes",
        why="Each process has its own interpreter and lock. With two free cores both run in the "
        "time of one, and the loop only waits.",
        requests=(Request("/cpu/processes/"), *neighbours(GRIND)),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"background", "serial", "offloaded"},
            stages=TWO,
            peak=2,
            victims=(),
        ),
        pair="cpu_threads",
        source=SOURCE,
        wait_for={"grind": 2},
        warm_up=("/cpu/processes/",),  # the pool's processes start at the first request
    ),
    Scenario(
        name="cpu_celery",
        title="CPU-bound work, handed to Celery",
        why="The response is sent before the grinding has started. A worker does it, on this "
        "machine or another, and the worker's settings limit how many run at once.",
        requests=(Request("/cpu/celery/"), *neighbours(GRIND)),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"concurrent", "serial"},
            background=("run/app.tasks.grind_pepper",),
            handed=(("app.tasks.grind_pepper", "done", 1),),
            victims=(),
        ),
        pair="cpu_processes",
        source=SOURCE,
        wait_for={"grind": 1, "run/app.tasks.grind_pepper": 1},
    ),
]
