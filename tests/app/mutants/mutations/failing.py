"""Mutations of the views in which one of two calls fails."""

from mutation import Mutation

FAILING = "app.views.failing"

MUTATIONS = [
    Mutation(
        "gather_waits_for_all",
        "fails_gather",
        FAILING,
        "await asyncio.gather(get_smokables(), get_wood())",
        "await asyncio.gather(get_smokables(), get_wood(), return_exceptions=True)",
        "expected the shape background",
    ),
    Mutation(
        "task_group_forsaken",
        "fails_task_group",
        FAILING,
        "            group.create_task(get_smokables())\n",
        "            forsaken = asyncio.create_task(get_smokables())\n",
        "expected get_smokables to be cancelled, saw nobody",
    ),
    Mutation(
        "as_completed_tidied_up",
        "fails_as_completed",
        FAILING,
        "    calls = [get_smokables(), get_wood()]\n",
        "    calls = [asyncio.create_task(get_smokables()), asyncio.create_task(get_wood())]\n"
        "    calls[1].add_done_callback(lambda _: calls[0].cancel())\n",
        "expected nobody to be cancelled, saw get_smokables",
    ),
    Mutation(
        "timeout_taken_away",
        "fails_timeout",
        FAILING,
        "asyncio.timeout(PATIENCE)",
        "asyncio.timeout(None)",
        "expected get_flavor, get_smokables to be cancelled, saw nobody",
    ),
]
