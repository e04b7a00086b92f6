"""Which close code a connection's span has, of those that the ASGI messages say."""

from __future__ import annotations

import json

import pytest

from tests.instrument.conftest import Sink

CASES = {
    "client": [("received", {"type": "websocket.disconnect", "code": 1001})],
    "client-silent": [("received", {"type": "websocket.disconnect"})],
    "application": [("sent", {"type": "websocket.close", "code": 4001})],
    "application-silent": [("sent", {"type": "websocket.close"})],
    "client-first": [
        ("received", {"type": "websocket.disconnect", "code": 1001}),
        ("sent", {"type": "websocket.close", "code": 4001}),
    ],
    "application-first": [
        ("sent", {"type": "websocket.close", "code": 4001}),
        ("received", {"type": "websocket.disconnect", "code": 1006}),
    ],
    "no-number": [("received", {"type": "websocket.disconnect", "code": "gone"})],
    "open": [("received", {"type": "websocket.receive", "text": "hi"})],
}
CODES = {
    "client": 1001,
    "client-silent": 1005,
    "application": 4001,
    "application-silent": 1000,
    "client-first": 1001,
    "application-first": 4001,
}


@pytest.fixture(scope="module")
def codes(run):
    """The close code of each case's span."""
    sink = Sink()
    run(
        f"""
import json, overlap
overlap.instrument()
from overlap.instrument.websockets.connection import Connection
for name, messages in json.loads({json.dumps(CASES)!r}).items():
    connection = Connection({{"type": "websocket", "path": f"/{{name}}/"}})
    for method, message in messages:
        getattr(connection, method)(message)
    connection.finish()
overlap.shutdown()
""",
        sink.url,
    )
    found = {
        span.attributes["url.path"].strip("/"): span.attributes.get("overlap.websocket.close_code")
        for span in sink.named("WEBSOCKET")
    }
    sink.close()
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_side_that_closes_first_says_the_code(codes, case):
    """Without a number, 1005 for the client and 1000 for the application, as ASGI has them."""
    assert codes[case] == CODES.get(case)
