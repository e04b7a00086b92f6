"""A WebSocket endpoint of Starlette, which Django is mounted beside."""

import asyncio

from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from smokesite.asgi import application as django
from smokesite.views import tracer


async def echo(socket):
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            with tracer.start_as_current_span("call"):
                await asyncio.sleep(0.01)
            await socket.send_text(text)
    except WebSocketDisconnect:
        pass


application = Starlette(
    routes=[WebSocketRoute("/sockets/{number}/", echo), Mount("/", app=django)],
)
