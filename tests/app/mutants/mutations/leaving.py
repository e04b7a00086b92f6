"""Mutations of the scenarios in which the client disconnects."""

from mutation import Mutation

LEAVING = "app.views.leaving"

MUTATIONS = [
    Mutation(
        "order_kept",
        "order",
        LEAVING,
        "meal = await roast()",
        "meal = await asyncio.shield(overlap.spawn(roast()))",
        "expected roast to be cancelled, saw nobody",
    ),
    Mutation(
        "shield_forgotten",
        "order_shielded",
        LEAVING,
        "await asyncio.shield(task)",
        "await task",
        "expected nobody to be cancelled",
    ),
]
