"""What a browser shows of a request's time: Server-Timing, and the toolbar's panel.

docs/how-to/browser.md describes both.
"""

from __future__ import annotations

import re

import pytest


def timing(response):
    """The figures of a response, in milliseconds, by name."""
    found = re.findall(r"(\w+);dur=([\d.]+);desc=\"[^\"]+\"", response.headers["server-timing"])
    return {name: float(ms) for name, ms in found}


def test_a_response_says_where_its_time_went(serve):
    """With DEBUG on: on the loop, ready, waiting, in threads, in queries; streams too."""
    server = serve(env={"SITE_DEBUG": "1"})
    slow = timing(server.get("/wait/?s=0.5"))
    assert list(slow) == ["total", "loop", "ready", "wait", "threads", "db"]
    assert slow["total"] >= slow["wait"] >= 490
    assert slow["loop"] < 250
    assert slow["total"] == pytest.approx(slow["loop"] + slow["ready"] + slow["wait"], abs=2)
    query = timing(server.get("/query/"))
    assert query["db"] > 0
    assert query["threads"] >= query["db"]
    burnt = timing(server.get("/burn/"))
    assert burnt["loop"] > 0.8 * burnt["total"] > 50
    plain = timing(server.get("/sync/"))
    assert plain["threads"] > 0
    with server.client.stream("GET", "/endless/") as streamed:
        assert timing(streamed)["total"] > 0  # until the headers: the stream has no end


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"SITE_DEBUG": "1", "OVERLAP_SERVER_TIMING": "0"}, False),
        ({"OVERLAP_SERVER_TIMING": "1"}, True),
    ],
)
def test_the_setting_wins_over_debug(own_sink, run, environ, expected):
    """Without it nothing is collected."""
    run(
        f"""
        import asyncio, overlap
        overlap.instrument()
        import django
        django.setup()
        from django.test import AsyncClient
        response = asyncio.run(AsyncClient().get("/"))
        assert response.has_header("Server-Timing") is {expected}
        from overlap.lens.threads.work import OBSERVERS
        assert bool(OBSERVERS) is {expected}
        overlap.shutdown()
        assert not OBSERVERS
        """,
        own_sink.url,
        **environ,
    )


def test_what_the_project_says_stays(own_sink, run):
    """Its own figures come first; what fails in ours harms no request."""
    run(
        """
        import asyncio, overlap
        overlap.instrument(server_timing=True)
        import django
        django.setup()
        from django.test import AsyncClient
        from django.core.handlers.base import BaseHandler
        from smokesite import views
        from django.http import HttpResponse
        from django.urls import path
        from smokesite import urls

        async def own(request):
            return HttpResponse("x", headers={"Server-Timing": "own;dur=1"})

        urls.urlpatterns.append(path("own/", own))
        response = asyncio.run(AsyncClient().get("/own/"))
        assert response["Server-Timing"].startswith("own;dur=1, total;dur="), response.headers
        from overlap.instrument.requests.browser import request_times
        def broken(*_): raise RuntimeError
        request_times.times = broken
        response = asyncio.run(AsyncClient().get("/own/"))
        assert response["Server-Timing"] == "own;dur=1"
        overlap.shutdown()
        """,
        own_sink.url,
    )


@pytest.mark.parametrize("by", ["uvicorn", "waitress"])
def test_the_toolbar_has_our_panel(serve, by):
    """Under ASGI and WSGI: figures, waits with their lines, functions in threads, a link."""
    server = serve(
        by=by,
        env={
            "DJANGO_SETTINGS_MODULE": "smokesite.toolbar_settings",
            "OVERLAP_TRACES_PUBLIC_URL": "http://127.0.0.1:1",
        },
    )
    page = server.get("/page/").text
    assert "OverlapPanel" in page
    request_id = re.search(r'data-request-id="(\w+)"', page)[1]
    panel = server.get(
        "/__debug__/render_panel/", params={"request_id": request_id, "panel_id": "OverlapPanel"}
    ).json()["content"]
    assert "until the headers" in panel
    assert re.search(r'href="http://127.0.0.1:1/trace/[0-9a-f]{32}"', panel)
    if by == "uvicorn":
        assert re.search(r"smokesite/toolbar_urls.py:\d+ in page", panel)
        assert re.search(r"wait</td><td>\d+(\.\d+)? ms", panel)
        assert "&lt;b&gt;count&lt;/b&gt;" in panel
        assert "<b>count</b>" not in panel
