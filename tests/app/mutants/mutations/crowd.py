"""Mutations of the ten calls."""

from mutation import Mutation

CROWD = "app.views.crowd"

MUTATIONS = [
    Mutation(
        "calls_one_by_one",
        "calls",
        CROWD,
        "await asyncio.gather(*[call() for _ in range(CALLS)])",
        "[await call() for _ in range(CALLS)]",
        "expected the shape concurrent",
    ),
    Mutation(
        "six_at_a_time",
        "calls_five_at_a_time",
        CROWD,
        "asyncio.Semaphore(AT_ONCE)",
        "asyncio.Semaphore(AT_ONCE + 1)",
        "expected 5 at once, saw 6",
    ),
]
