"""Mutations of the view that hands on work in three ways."""

from mutation import Mutation

from app.scenarios.three_ways import HAS_TASKS

THREE_WAYS = "app.views.three_ways"

MUTATIONS = [
    Mutation(
        "grill_not_scrubbed",
        "three_ways",
        THREE_WAYS,
        "    await scrub.aenqueue()\n",
        "",
        # Before Django 6 the replacement for its tasks is a function in a thread.
        "expected these tasks sent to a worker: app.django_tasks.scrub done"
        if HAS_TASKS
        else "expected scrub on another thread than its parent",
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
