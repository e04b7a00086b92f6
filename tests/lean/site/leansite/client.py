"""Requests straight into the ASGI application, disconnects included."""

import asyncio
import json


class Answer:
    def __init__(self, sent):
        self.sent = sent
        self.status = sent[0]["status"] if sent else None
        self.body = b"".join(message.get("body", b"") for message in sent[1:])

    @property
    def json(self):
        return json.loads(self.body)


async def get(application, path, *, body=b"", gone=None, content_type=b"", method=None):
    """One request from its first event to its end; `gone` is set when the client goes."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method or ("POST" if body else "GET"),
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"test"), (b"content-length", str(len(body)).encode())],
        "server": ("test", 80),
        "client": ("client", 1),
    }
    if content_type:
        scope["headers"].append((b"content-type", content_type))
    gone = gone or asyncio.Event()
    events = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent = []

    async def receive():
        for event in events:
            return event
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    # In a task of its own, as servers do: what a request sets is of its own context.
    await asyncio.create_task(application(scope, receive, send))
    return Answer(sent)
