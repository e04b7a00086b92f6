"""An ASGI function of a project's own: WebSockets by itself, the rest by Django."""

from smokesite.asgi import application as django
from smokesite.views import tracer


async def application(scope, receive, send):
    if scope["type"] != "websocket":
        await django(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        with tracer.start_as_current_span("call"):
            await send({"type": "websocket.send", "text": message["text"]})
