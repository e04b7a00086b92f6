"""The tutorial's views, asserted in process with `traced`: run by test_traced.py."""

import asyncio

from django.test import AsyncClient, Client


def get(*paths):
    async def main():
        client = AsyncClient()
        return [response.status_code for response in await asyncio.gather(*map(client.get, paths))]

    return asyncio.run(main())


def test_two_awaits_at_once(traced):
    assert get("/smoke_some_meats/") == [200]
    assert traced.shape == "concurrent"
    assert not traced.blocked
    assert ["get_flavor", "get_smokables"] in traced.groups[0].stages


def test_the_same_in_a_row(traced):
    Client().get("/smoke_some_meats/sync/")
    assert traced.shape == "serial"


def test_a_blocking_sleep(traced):
    assert get("/", "/burn_some_meats/") == [200, 200]
    (blocked,) = traced["GET /burn_some_meats/"].blocked
    assert blocked.culprit.startswith("app/views/tutorial.py:")
    assert not traced["GET /"].blocked


def test_work_past_the_response(traced):
    async def main():
        await AsyncClient().get("/async/")
        await traced.wait(20)

    asyncio.run(main())
    assert "background" in traced.shapes
    assert not traced.lost
