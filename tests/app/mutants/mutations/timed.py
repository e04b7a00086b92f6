"""Mutations of the sync and the async middleware."""

from mutation import Mutation

TIMED = "app.views.timed"

MUTATIONS = [
    Mutation(
        "timed_sync_blocks",
        "timed_sync",
        TIMED,
        "    await call()\n",
        "    from time import sleep\n    sleep(0.4)\n",
        "the shape blocking is there",
    ),
    Mutation(
        "timed_async_hops",
        "timed_async",
        TIMED,
        "    await call()\n",
        "    from asyncio import to_thread\n"
        "    from app.views.crowd import tracer\n"
        "    await to_thread(lambda: tracer.start_span('hop').end())\n",
        "the shape offloaded is there",
    ),
]
