"""Django's async tests, as the tutorial's first paragraph promises: views and middleware, awaited.

They run in this process, with no server: what a scenario's trace can't show is asked for here.
"""

import os

import django
from django.test import AsyncClient, Client, SimpleTestCase

from app.simulation import AT_ONCE, CALLS, PARTS

os.environ["DJANGO_SETTINGS_MODULE"] = "app.settings"
django.setup()
del os.environ["DJANGO_SETTINGS_MODULE"]  # the processes that other tests start have their own
LOCAL = {"host": "localhost"}


class Views(SimpleTestCase):
    """Each view's answer, by Django's own clients."""

    client: Client
    async_client: AsyncClient

    async def text(self, path: str) -> str:
        answer = await self.async_client.get(path, headers=LOCAL)
        assert answer.status_code == 200
        return answer.content.decode()

    async def test_an_async_view_is_awaited(self):
        """The async client runs the view on the test's own loop."""
        assert await self.text("/") == "Hello, async Django!"

    def test_an_async_view_answers_a_sync_client(self):
        """Django runs each in its proper context, as the tutorial says."""
        assert self.client.get("/", headers=LOCAL).content == b"Hello, async Django!"

    async def test_one_that_fails_is_an_answer(self):
        """Under each of the three, the customer is told what is sold out."""
        for path in ("gather", "task_group", "as_completed"):
            assert await self.text(f"/fails/{path}/") == "Sorry, no hickory left."

    async def test_who_waits_too_long_gets_something_else(self):
        """The limit's answer."""
        assert await self.text("/fails/timeout/") == "Have a sandwich meanwhile."

    async def test_every_call_is_made(self):
        """All at once or five at a time, ten calls are made."""
        assert await self.text("/calls/") == f"Made {CALLS} calls at once."
        answer = await self.text("/calls/five_at_a_time/")
        assert answer == f"Made {CALLS} calls, {AT_ONCE} at a time."

    async def test_a_client_that_stays_gets_its_order(self):
        """Shielded or not."""
        assert await self.text("/order/") == "Here is a roast."
        assert await self.text("/order/shielded/") == "Here is a roast."

    async def test_a_file_is_the_same_however_it_is_read(self):
        """On the loop, in a thread, awaited."""
        for path in ("", "thread/", "awaited/"):
            assert await self.text(f"/file/{path}") == "Salt, pepper, paprika.\n"

    async def test_a_third_party_that_is_not_there_is_a_bad_gateway(self):
        """After three tries."""
        answer = await self.async_client.get("/api/refusing/", headers=LOCAL)
        assert (answer.status_code, answer.content) == (502, b"Nobody there, three times.")

    async def test_a_stream_is_whole(self):
        """Every slice, in order."""
        answer = await self.async_client.get("/stream/", headers=LOCAL)
        parts = [part.decode() async for part in answer.streaming_content]
        assert parts == [f"slice {number}\n" for number in range(PARTS)]

    async def test_events_are_events(self):
        """Of the type that a browser's EventSource takes, each in the form it reads."""
        answer = await self.async_client.get("/events/", headers=LOCAL)
        assert answer.headers["Content-Type"] == "text/event-stream"
        stream = aiter(answer.streaming_content)
        assert [await anext(stream) for _ in range(2)] == [
            b"data: slice 0\n\n",
            b"data: slice 1\n\n",
        ]


class Middleware(SimpleTestCase):
    """The two that time a view, each before its own path and no other."""

    def timings(self, answers):
        return ["Server-Timing" in answer.headers for answer in answers]

    async def test_they_time_their_paths_under_asgi(self):
        """The sync one and the async one, in an async stack."""
        paths = ("/timed/sync/", "/timed/async/", "/")
        answers = [await self.async_client.get(path, headers=LOCAL) for path in paths]
        assert self.timings(answers) == [True, True, False]

    def test_they_time_their_paths_under_wsgi(self):
        """And in a sync one."""
        paths = ("/timed/sync/", "/timed/async/", "/")
        answers = [self.client.get(path, headers=LOCAL) for path in paths]
        assert self.timings(answers) == [True, True, False]
