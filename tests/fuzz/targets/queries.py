"""Paths and queries of pocket's pages and API: an answer below 500, and a harmless one."""

from functools import cache
from types import SimpleNamespace

from tests.fuzz.printable import assert_harmless
from tests.fuzz.targets.asgi import ask
from tests.fuzz.targets.pocket import pocket, post
from tests.fuzz.targets.samples import otlp_json

_ID = "0af7651916cd43dd8448eb211c80319c"
_SEARCH = (
    "/api/v3/traces?query.serviceName=shop&query.startTimeMin=2023-11-14T22:13:20Z"
    "&query.startTimeMax=2033-11-14T22:13:20.5%2B01:00"
)


def seeds() -> list[bytes]:
    return [
        each.encode()
        for each in (
            "/", "/fragment", "/traces?service=shop", "/traces/fragment", "/ledger", "/metrics",
            f"/trace/{_ID}", f"/trace/{_ID}?q=smoke&rows=50", f"/trace/{_ID}?open={1:016x}&first=2",
            f"/trace/{_ID}/fragment?rows=3000", f"/compare?a={_ID}&b={_ID}", "/lessons/first",
            "/static/live.js", "/static/../serve.py", "/static/%2e%2e/serve.py",
            "/api/v3/services", "/api/v3/operations?service=shop&spanKind=server",
            f"/api/v3/traces/{_ID}?startTime=2023-11-14T22:13:20Z&rawTraces=true", _SEARCH,
            _SEARCH + "&query.durationMin=1ms&query.durationMax=1h30m&query.searchDepth=20"
            "&query.attributes=%7B%22k%22%3A%22v%22%7D&query.operationName=smoke",
        )
    ]  # fmt: skip


@cache
def _pocket() -> SimpleNamespace:
    made = pocket()
    assert post(made.app, otlp_json()).status == 200
    return made


def check(data: bytes) -> None:
    path, _, query = data.partition(b"?")
    if path.startswith(b"/events"):
        return  # an endless stream
    from urllib.parse import unquote

    # As uvicorn does it, with a replacement for what is not UTF-8.
    answer = ask(_pocket().app, unquote(path.decode("latin-1")), query=query)
    assert answer.status < 500, answer
    if answer.kind.startswith("text/html"):
        assert_harmless(answer.body.decode())
