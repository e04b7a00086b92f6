"""The control: a bare ASGI server that does a little work, asked as long as the other is."""

import json

_WORK = json.dumps([{"name": "meat", "minutes": n, "hot": True} for n in range(100)])


async def application(scope, receive, send):
    """Answer after about a millisecond of work."""
    assert scope["type"] == "http"
    for _ in range(10):
        json.dumps(json.loads(_WORK))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"well"})
