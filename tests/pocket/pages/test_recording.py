"""The page of a recording: the figures of `overlap recorder FILE` in a browser."""

from __future__ import annotations

from html import unescape

from starlette.applications import Starlette
from starlette.testclient import TestClient

from overlap import config
from overlap.pocket.pages import handlers
from overlap.pocket.pages.contents import Contents
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import Store
from overlap.recording import read, summary
from overlap.recording.model import Call
from tests.recording.conftest import TRACE, flight

__all__ = ["flight"]
HOSTILE = "<script>alert(1)</script>"


def client_of(recording):
    contents = Contents(
        Store(), Telemetry(), config.load(), otlp_url="", page_url="", recording=recording
    )
    return TestClient(Starlette(routes=handlers.routes(contents)))


def section(text, name):
    """Return the part of a page below one heading, as text."""
    begin = text.index(f'<h2 id="{name}">')
    return unescape(text[begin : text.index("</section>", begin)])


def test_the_page_has_the_ledger_of_connections(flight):
    """Opened, kept and leaked, by thread and request; the request leads to its trace."""
    text = client_of(summary(read(flight))).get("/recording").text
    found = section(text, "connections")
    assert "default in lean-1_0" in found
    assert f'<a href="/trace/{TRACE}"><bdi>GET /smoke/</bdi></a>' in found
    cells = [part.split("<")[0] for part in found.split('class="number')[6:]]
    assert [cell.partition(">")[2] for cell in cells] == ["2", "0", "1", "1", "20 ms"]


def test_the_page_has_hops_by_cause_and_route(flight):
    """Calls, and milliseconds a request, queued and running."""
    found = section(client_of(summary(read(flight))).get("/recording").text, "hops")
    assert "GET /smoke/" in found
    assert '<td class="nowrap">ORM</td>' in found
    cells = [part.split("<")[0].partition(">")[2] for part in found.split('class="number"')[7:]]
    assert cells == ["1", "1", "1.0", "120 ms", "20 ms", "100 ms"]


def test_the_page_has_blocks_pool_waits_and_requests(flight):
    """Each with what it concerns."""
    text = client_of(summary(read(flight))).get("/recording").text
    assert "sleep views.py:8 in overcook" in section(text, "blocks")
    waits = section(text, "pools")
    assert all(said in waits for said in ("pool-1", "GET /smoke/", "30 ms", "given up"))
    assert "views.py:9 in smoke" in section(text, "slowest")


def test_names_of_a_recording_are_text(flight):
    """Nothing in a recording acts as markup, and the page needs no script."""
    recording = read(flight)
    recording.requests[0].name = f"GET /{HOSTILE}/"
    recording.requests[0].calls.append(Call(1, 0.0, 9.0, HOSTILE, 1))
    recording.requests[0].outcome = recording.service = recording.reason = HOSTILE
    recording.connections[0].alias = recording.blocks[0].what = HOSTILE
    recording.pool_waits[0].what = HOSTILE
    recording.lost.append(recording.blocks[0])
    text = client_of(summary(recording)).get("/recording/fragment").text
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == text.count("alert(1)")
    for name in ("blocks", "slowest", "hops", "connections", "pools"):
        assert HOSTILE in section(text, name), name


def test_without_a_recording_there_is_no_such_page():
    """Pocket itself has none, and no link to one."""
    client = client_of(None)
    assert client.get("/recording").status_code == 404
    assert "/recording" not in client.get("/traces").text
