"""Mutations of the tutorial's views under other servers."""

from mutation import Mutation

from mutations.tutorial import TUTORIAL

MUTATIONS = [
    Mutation(
        "wsgi_async_awaited",
        "wsgi_async",
        TUTORIAL,
        'overlap.spawn(http_call_async(), name="http_call_async")',
        "await http_call_async()",
        "expected http_call_async, tick to be cancelled, saw nobody",
    ),
    Mutation(
        "wsgi_smoke_one_after_the_other",
        "wsgi_smoke_some_meats",
        TUTORIAL,
        "await asyncio.gather(get_smokables(), get_flavor())",
        "[await get_smokables(), await get_flavor()]",
        "expected the shape concurrent",
    ),
    Mutation(
        "workers_burn_awaited",
        "workers_burn_some_meats",
        TUTORIAL,
        "    oversmoke()\n",
        "    await asyncio.sleep(BURN)\n",
        "expected the shape blocking",
    ),
]
