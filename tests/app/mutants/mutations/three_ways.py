"""Mutations of the view that hands on work in three ways."""

from mutation import Mutation

THREE_WAYS = "app.views.three_ways"

MUTATIONS = [
    Mutation(
        "grill_not_scrubbed",
        "three_ways",
        THREE_WAYS,
        "    await scrub.aenqueue()\n",
        "",
        "expected scrub on another thread than its parent",
    ),
    Mutation(
        "one_way_twice",
        "three_ways",
        THREE_WAYS,
        "    await sync_to_async(tasks.http_call.delay)(SLOW_TICK)\n",
        '    overlap.spawn(http_call_async(SLOW_TICK), name="http_call_async")\n',
        "expected http_call_async to be lost, saw http_call_async, http_call_async",
    ),
]
