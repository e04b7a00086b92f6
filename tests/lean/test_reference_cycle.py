"""A request's end leaves nothing for the garbage collector."""

import asyncio
import gc
import inspect
import weakref
from contextlib import suppress

import pytest
from django.conf import UserSettingsHolder, global_settings, settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import empty

from overlap.lean import avoid_reference_cycle


async def _hello(_request):
    return HttpResponse("hello")


urlpatterns = [path("", _hello)]


@pytest.fixture(autouse=True)
def _settings():
    # No other test of this process may find them configured.
    before = settings.__dict__.get("_wrapped", empty)
    settings.__dict__["_wrapped"] = UserSettingsHolder(global_settings)
    settings.ROOT_URLCONF = __name__
    yield
    settings.__dict__.clear()
    settings._wrapped = before


def _scope():
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/", "query_string": b"", "root_path": "", "headers": [],
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip


async def _serve_once(handler):
    """One request as uvicorn serves it: "disconnect" comes once the answer is out."""
    asked, answered, sent = [], asyncio.Event(), []

    async def receive():
        asked.append(1)
        if len(asked) == 1:
            return {"type": "http.request", "body": b"", "more_body": False}
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await handler(_scope(), receive, send)
    return sent[0]["status"]


def _left(monkeypatch):
    """How many of three requests are there when they are over and nothing was collected."""
    alive = weakref.WeakSet()

    class Noted(ASGIRequest):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            alive.add(self)

    monkeypatch.setattr(ASGIHandler, "request_class", Noted)
    handler = ASGIHandler()

    async def three():
        return [await _serve_once(handler) for _ in range(3)]

    asyncio.run(three())  # what is made once is made here
    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(three()) == [200, 200, 200]
        return len(alive)
    finally:
        gc.enable()


def _task_group_makes_a_circle():
    """Python's own, up to 3.12.7 and 3.13.0: a group keeps the errors that its frame is in."""

    class Noted:
        pass

    alive = weakref.WeakSet()

    async def group():
        noted = Noted()
        alive.add(noted)
        with suppress(ExceptionGroup):
            async with asyncio.TaskGroup():
                raise ValueError

    gc.disable()
    try:
        asyncio.run(group())
        return bool(alive)
    finally:
        gc.enable()


def test_a_request_is_gone_at_its_end(monkeypatch):
    """Stock, its handler's frame is in a circle with the error that ends its listening.

    Where Django's handler has a TaskGroup, as from 6.0 on, there may be Python's circle instead.
    """
    has_group = "TaskGroup" in inspect.getsource(inspect.unwrap(ASGIHandler.handle))
    if not has_group:
        assert _left(monkeypatch) == 3
    undo = avoid_reference_cycle()
    try:
        left = _left(monkeypatch)
        assert left == (3 if has_group and _task_group_makes_a_circle() else 0)
    finally:
        undo()


def part_is_on():
    return "TaskGroup" not in inspect.getsource(inspect.unwrap(ASGIHandler.handle))


async def _gone():
    return {"type": "http.disconnect"}


async def _nonsense():
    return {"type": "http.nonsense"}


def test_the_end_of_listening_is_told_to_who_makes_use_of_it():
    """A handler with a `handle` of its own gets the error; and a wrong message is still one."""

    class Own(ASGIHandler):
        async def handle(self, scope, receive, send):
            await self.listen_for_disconnect(receive)

    undo = avoid_reference_cycle()
    try:
        if part_is_on():
            assert asyncio.run(ASGIHandler().listen_for_disconnect(_gone)) is None
        else:  # it ends Django's TaskGroup
            with pytest.raises(RequestAborted):
                asyncio.run(ASGIHandler().listen_for_disconnect(_gone))
        with pytest.raises(RequestAborted):
            asyncio.run(Own().handle({}, _gone, None))
        with pytest.raises(AssertionError, match="nonsense"):
            asyncio.run(ASGIHandler().listen_for_disconnect(_nonsense))
    finally:
        undo()


def test_a_later_patch_stays(monkeypatch):
    """What someone put in place after ours is not ours to take away."""
    stock = ASGIHandler.listen_for_disconnect
    undo = avoid_reference_cycle()
    assert (ASGIHandler.listen_for_disconnect is not stock) == part_is_on()
    monkeypatch.setattr(ASGIHandler, "listen_for_disconnect", theirs := lambda *_: None)
    undo()
    assert ASGIHandler.listen_for_disconnect is theirs
    monkeypatch.setattr(ASGIHandler, "listen_for_disconnect", stock)
