"""`traced` with each way to test a view: all of these pass."""

import asyncio

import httpx
import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.test import AsyncClient, Client, TestCase, override_settings
from opentelemetry import trace
from shopsite.asgi import application  # loaded its middleware before any test recorded

from overlap.testing import NothingTraced, SeveralTraces, record


def test_the_sync_client(traced, client):
    client.get("/checkout/")
    assert traced.shape == "concurrent"
    assert not traced.blocked
    assert traced.overlap_factor > 1.2
    assert traced.peak == 2
    assert traced.groups[0].stages == [["price", "stock"]]


def test_a_sync_view(traced, client):
    client.get("/plain/7/")
    assert traced.shape == "single"
    assert traced.last.name == "GET /plain/<int:number>/"
    assert traced.last.root.kind == "server"


def test_an_async_view_that_blocks_under_the_sync_client(traced, client):
    client.get("/burn/")
    assert traced.blocked[0].culprit.startswith("shopsite/urls.py:")


async def test_the_async_client(traced, async_client):
    await async_client.get("/checkout/?a=b")
    assert traced.shape == "concurrent"
    assert traced.shapes == ["concurrent"]
    assert not traced.blocked
    await async_client.get("/serial/")
    assert traced.last.shape == "serial"


async def test_what_is_said_is_what_a_server_says(traced, async_client):
    await async_client.get("/nap/")
    said = "; ".join(why.text for why in traced.verdict.why)  # on a busy machine there are more
    assert "awaited a timer at shopsite/urls.py:" in said
    assert "in nap (asyncio.sleep)" in said


async def test_sync_code_of_django_on_the_loop_is_explained(traced, async_client):
    with pytest.raises(SynchronousOnlyOperation):
        await async_client.get("/unsafe/")
    said = [why.text for why in traced.verdict.why if "sync code of Django" in why.text]
    assert len(said) == 1
    assert said[0].startswith("GET /unsafe/ failed: sync code of Django ran in async code at ")
    assert "shopsite/urls.py:" in said[0]
    assert " in unsafe: use " in said[0]


async def test_a_block_is_seen_before_the_loop_has_turned(traced, async_client):
    await async_client.get("/burn/")
    assert traced.blocked[0].ms > 300
    assert traced.blocked[0].culprit.endswith("in burn")


def test_a_loop_of_the_tests_own(traced):
    async def both():
        burn = AsyncClient().get("/burn/")
        await asyncio.gather(AsyncClient().get("/checkout/"), burn)

    asyncio.run(both())
    assert traced["GET /checkout/"].shape == "concurrent"
    assert traced["GET /burn/"].blocked


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_anyio(traced, anyio_backend):
    await AsyncClient().get("/checkout/")
    assert traced.shape == "concurrent"


async def test_an_application_made_before(traced):
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        await client.get("/checkout/")
    assert (traced.last.name, traced.shape) == ("GET /checkout/", "concurrent")


async def test_a_request_within_the_tests_own_span(traced, async_client):
    with trace.get_tracer("test").start_as_current_span("the whole"):
        await async_client.get("/after/")
        await traced.wait()  # not for the span that it is inside of
        await async_client.get("/checkout/")
    assert traced.only.name == "the whole"
    assert traced.shape == "concurrent"


async def test_background_work_is_waited_for(traced, async_client):
    await async_client.get("/after/")
    assert traced.shapes == ["background"]  # it runs on: that much is known already
    await traced.wait()
    assert traced.shapes == ["background"]
    assert traced.background[0].outlived_ms > 100
    assert traced.lost == []


def test_a_thread_is_waited_for(traced, client):
    client.get("/sync_after/")
    traced.wait()
    assert "background" in traced.shapes


async def test_what_does_not_end_is_named(traced, async_client):
    await async_client.get("/forever/")
    with pytest.raises(TimeoutError, match=r"still running after 0.2 s: mail, posted"):
        await traced.wait(0.2)
    assert traced.lost == []


async def test_several_traces(traced, async_client):
    for path in ("/plain/", "/checkout/", "/plain/"):
        await async_client.get(path)
    assert [seen.name for seen in traced.traces] == ["GET /plain/", "GET /checkout/", "GET /plain/"]
    assert traced["GET /checkout/"].shape == "concurrent"
    assert len(traced.named("GET /plain/")) == 2
    with pytest.raises(SeveralTraces, match=r"3 traces were recorded \(<GET /plain/: single"):
        assert traced.shape
    with pytest.raises(SeveralTraces, match="2 traces are called 'GET /plain/'"):
        assert traced["GET /plain/"]
    with pytest.raises(NothingTraced, match="no trace is called 'GET /nowhere/'; recorded: <GET"):
        assert traced["GET /nowhere/"]


def test_nothing(traced):
    with pytest.raises(NothingTraced, match="nothing was traced"):
        assert traced.shape


def test_other_middleware(traced, client, settings):
    settings.MIDDLEWARE = []
    client.get("/plain/")
    with override_settings(MIDDLEWARE=["django.middleware.gzip.GZipMiddleware"]):
        Client().get("/plain/")
    assert len(traced.traces) == 2


class Tests(TestCase):
    def test_sync(self):
        with record() as traced:
            self.client.get("/checkout/")
        assert traced.shape == "concurrent"

    async def test_async(self):
        with record(blocked_threshold_s=0.05) as traced:
            await self.async_client.get("/burn/")
        assert traced.blocked
