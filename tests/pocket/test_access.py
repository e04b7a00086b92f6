"""Who may ask, and what every answer carries."""

import asyncio
import socket

import httpx
import pytest
from starlette.responses import Response

from overlap.backend import START_HINT_HEADER
from overlap.pocket.access import POLICY, AccessMiddleware, host_name


@pytest.mark.parametrize(
    ("header", "served", "allowed"),
    [
        ("127.0.0.1:16686", "127.0.0.1", True),
        ("127.8.8.8", "127.0.0.1", True),
        ("localhost:16686", "127.0.0.1", True),
        ("LOCALHOST.", "127.0.0.1", True),
        ("[::1]:16686", "127.0.0.1", True),
        ("evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("192.168.1.5:16686", "127.0.0.1", False),
        ("192.168.1.5:16686", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("box.lan:16686", "box.lan", True),
        ("", "127.0.0.1", False),
        ("[", "127.0.0.1", False),
        ("user@localhost:1", "127.0.0.1", True),
    ],
)
def test_only_this_machines_names_are_answered(header, served, allowed):
    """A foreign name that resolves to loopback (DNS rebinding) is refused."""
    assert AccessMiddleware(None, served).allows(host_name(header)) is allowed


def test_a_foreign_host_gets_421(pocket):
    """Both ports refuse it, with one line."""
    for url in (pocket.page, f"{pocket.page}/api/v3/services"):
        answer = httpx.get(url, headers={"host": "evil.example"})
        assert answer.status_code == 421
        assert answer.text.count("\n") == 1
    answer = httpx.post(f"{pocket.otlp}/v1/traces", headers={"host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.parametrize("path", ["/", "/traces", "/metrics/fragment", "/api/v3/services"])
def test_a_query_that_is_not_ascii_is_400_in_one_line(pocket, path):
    """Starlette decodes it as UTF-8, and would fail."""
    host, port = pocket.page.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(
            f"GET {path}?q=".encode()
            + b"\x80 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.partition(b"\r\n\r\n")[2].count(b"\n") <= 1


@pytest.mark.parametrize("path", ["/", "/traces", "/nowhere", "/static/live.js", "/trace/xyz"])
def test_every_answer_carries_the_policy(pocket, path):
    """Errors too: no inline script, no frame, no sniffing, no asset from elsewhere."""
    answer = httpx.get(pocket.page + path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["/lessons/first/play", "/play"])
def test_another_sites_page_cannot_play(pocket, headers, path):
    """Only our own page, or no page at all, starts anything."""
    assert httpx.post(pocket.page + path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("hint", "sent"), [("make demo", "make demo"), ("", None), ("a\r\nb: c", None), ("é", None)]
)
def test_the_start_hint_is_a_header(hint, sent):
    """Of every response, for `overlap doctor`; what no header can hold is left out."""
    app = AccessMiddleware(Response("ok"), "127.0.0.1", hint)

    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/")).headers.get(START_HINT_HEADER)

    assert asyncio.run(ask()) == sent
