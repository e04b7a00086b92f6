"""Mutations of the views that hand work to Celery."""

from mutation import Mutation

DURABLE, TANDEM = "app.views.durable", "app.views.tandem"

MUTATIONS = [
    Mutation(
        "durable_waits",
        "durable",
        DURABLE,
        "    await sync_to_async(tasks.http_call.delay)()\n",
        "    await http_call_async()\n",
        "expected the shape background",
    ),
    Mutation(
        "celery_forgotten",
        "durable_killed",
        DURABLE,
        "    await sync_to_async(tasks.http_call.delay)(SLOW_TICK)\n",
        '    overlap.spawn(http_call_async(SLOW_TICK), name="http_call_async")\n',
        "expected http_call_async to be lost, saw http_call_async, http_call_async",
    ),
    Mutation(
        "seasoned_once",
        "task_retried",
        DURABLE,
        "tasks.season.delay",
        "tasks.http_call.delay",
        "expected these tasks sent to a worker: app.tasks.season done after 3 tries",
    ),
    Mutation(
        "no_fire",
        "task_failed",
        DURABLE,
        "tasks.set_fire.delay",
        "tasks.http_call.delay",
        "expected these tasks sent to a worker: app.tasks.set_fire failed",
    ),
    Mutation(
        "not_called_off",
        "task_revoked",
        DURABLE,
        "    await sync_to_async(order.revoke)()\n",
        "",
        "expected these tasks sent to a worker",
    ),
    Mutation(
        "book_after_the_mail",
        "book",
        TANDEM,
        '    await asyncio.gather(send_async(), Booking.objects.acreate(name="Guest"))\n',
        '    await send_async()\n    await Booking.objects.acreate(name="Guest")\n',
        "expected the shape concurrent",
    ),
    Mutation(
        "book_at_once",
        "book_one_by_one",
        TANDEM,
        '    await send_async()\n    await Booking.objects.acreate(name="Guest")\n',
        '    await asyncio.gather(send_async(), Booking.objects.acreate(name="Guest"))\n',
        "the shape concurrent is there",
    ),
]
