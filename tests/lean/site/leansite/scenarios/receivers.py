"""Receivers of the project's own, and its own context."""

import threading

from asgiref.sync import ThreadSensitiveContext
from django.core.signals import request_finished, request_started

from leansite.client import get
from leansite.scenarios.common import listening


async def own_receivers(app):
    told = []

    def tell(word):
        def receiver(**_signal):
            told.append((word, threading.current_thread().name))

        return receiver

    def thread(index):
        return told[index][1]

    main = threading.main_thread().name
    with (
        listening(request_started, tell("first")),
        listening(request_started, tell("second")),
        listening(request_finished, tell("end")),
    ):
        answer = await get(app, "/sync/")
    return {
        "order": [word for word, _ in told],
        "off_the_loop": main not in [name for _, name in told],
        "with_the_view": {answer.json["thread"]} == {name for _, name in told},
    }


async def async_receivers(app):
    told = []

    def tell(word):
        async def receiver(signal, sender, **named):
            told.append((word, sender.__name__, sorted(named)))

        return receiver

    with (
        listening(request_started, tell("start")),
        listening(request_finished, tell("end")),
    ):
        await get(app, "/index/")
        await get(app, "/sync/")
    return {"told": told}


async def failing_receiver(app):
    def receiver(**_signal):
        raise LookupError("on purpose")

    with listening(request_started, receiver):
        try:
            await get(app, "/index/")
        except LookupError as error:
            return {"error": str(error), "after": (await _quiet(app, receiver)).status}
    return {"error": None}


async def _quiet(app, receiver):
    request_started.disconnect(receiver)
    return await get(app, "/index/")


async def other_context_around(app):
    """A wrapper of the project's own that enters a context: the outermost one wins."""
    async with ThreadSensitiveContext():
        first = await get(app, "/sync/")
        second = await get(app, "/sync/")
        await get(app, "/index/")
    return {"same": first.json["ident"] == second.json["ident"]}
