"""Mutations of the tutorial's own views and their pairs."""

from mutation import Mutation

TUTORIAL, PAIRS = "app.views.tutorial", "app.views.pairs"

MUTATIONS = [
    Mutation(
        "index_sleeps",
        "index",
        TUTORIAL,
        "async def index(request):\n",
        "async def index(request):\n    sleep(0.4)\n",
        "the shape blocking is there",
    ),
    Mutation(
        "async_awaited",
        "async",
        TUTORIAL,
        'overlap.spawn(http_call_async(), name="http_call_async")',
        "await http_call_async()",
        "expected the shape background",
    ),
    Mutation(
        "async_reference_dropped",
        "async",
        TUTORIAL,
        'overlap.spawn(http_call_async(), name="http_call_async")',
        "asyncio.get_running_loop().create_task(http_call_async())",
        "expected http_call_async to run past the response",
    ),
    Mutation(
        "async_unreferenced_awaited",
        "async_unreferenced",
        PAIRS,
        "loop.create_task(http_call_async())",
        "await http_call_async()",
        "expected the shape background",
    ),
    Mutation(
        "sync_on_the_loop",
        "sync",
        TUTORIAL,
        "def sync_view(request):",
        "async def sync_view(request):",
        "the shape blocking is there",
    ),
    Mutation(
        "smoke_one_after_the_other",
        "smoke_some_meats",
        TUTORIAL,
        "await asyncio.gather(get_smokables(), get_flavor())",
        "[await get_smokables(), await get_flavor()]",
        "expected the shape concurrent",
    ),
    Mutation(
        "smoke_sync_in_threads",
        "smoke_some_meats_sync",
        PAIRS,
        "    smokables = get_smokables_sync()\n    flavor = get_flavor_sync()\n",
        "    from concurrent.futures import ThreadPoolExecutor\n"
        "    from contextvars import copy_context\n"
        "    with ThreadPoolExecutor() as pool:\n"
        "        calls = [pool.submit(copy_context().run, call)\n"
        "                 for call in (get_smokables_sync, get_flavor_sync)]\n"
        "        smokables, flavor = (call.result() for call in calls)\n",
        "the shape concurrent is there",
    ),
    Mutation(
        "new_clients_shared",
        "smoke_some_meats_new_clients",
        PAIRS,
        "    async with new_client() as client:\n        await client.get(UPSTREAM_URL)\n",
        "    if True:\n        await upstream.get()\n",
        "expected the stages {new client}, {GET}",
        times=2,
    ),
    Mutation(
        "burn_in_a_thread",
        "burn_some_meats",
        TUTORIAL,
        "    oversmoke()\n",
        "    await sync_to_async(oversmoke)()\n",
        "expected the shape blocking",
    ),
    Mutation(
        "burn_awaited",
        "burn_some_meats",
        TUTORIAL,
        "    oversmoke()\n",
        "    await asyncio.sleep(BURN)\n",
        "expected the shape blocking",
    ),
    Mutation(
        "burn_await_blocks",
        "burn_some_meats_await",
        PAIRS,
        "await asyncio.sleep(BURN)",
        "sleep(BURN)",
        "the shape blocking is there",
    ),
    Mutation(
        "sync_to_async_on_the_loop",
        "sync_to_async",
        TUTORIAL,
        "    async_function = sync_to_async(http_call_sync, thread_sensitive=False)\n",
        "    async def async_function():\n        http_call_sync()\n",
        "the shape blocking is there",
    ),
    Mutation(
        "sync_to_async_awaited",
        "sync_to_async",
        TUTORIAL,
        'overlap.spawn(async_function(), name="http_call_sync")',
        "await async_function()",
        "expected the shape background",
    ),
]
