"""Mutations of the view that fills the loop."""

from mutation import Mutation

FULL = "app.views.full"

MUTATIONS = [
    Mutation(
        "full_loop_awaits",
        "full_loop",
        FULL,
        "        time.sleep(SLICE)\n        await asyncio.sleep(0)\n",
        "        await asyncio.sleep(SLICE)\n",
        "to take 2.0 to inf times",
    ),
    Mutation(
        "full_loop_workers_three_times",
        "full_loop_workers",
        FULL,
        "range(SLICES)",
        "range(SLICES if 'alone' in request.path else 3 * SLICES)",
        "to take 0.0 to 1.6 times",
    ),
]
