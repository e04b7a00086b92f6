"""Mutations of the views with a sync and an async call."""

from mutation import Mutation

MIXING = "app.views.mixing"

MUTATIONS = [
    Mutation(
        "mixed_in_a_thread",
        "mixed",
        MIXING,
        "    baste()\n    flavor = await get_flavor()\n",
        "    import asyncio\n    await asyncio.to_thread(baste)\n    flavor = await get_flavor()\n",
        "expected the shape blocking",
    ),
    Mutation(
        "mixed_sync_on_the_loop",
        "mixed_sync",
        MIXING,
        "def sync_throughout(request):",
        "async def sync_throughout(request):",
        "the shape blocking is there",
    ),
]
