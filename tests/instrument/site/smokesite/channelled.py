"""Django behind Channels' router, which passes no lifespan on, beside WebSocket consumers."""

import asyncio
import time

from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

import overlap
from smokesite.asgi import application as django
from smokesite.views import tracer


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        match text_data.split():
            case ["burn", seconds]:
                time.sleep(float(seconds))  # noqa: ASYNC251  the line to blame
            case ["boom"]:
                raise RuntimeError("too hot")
            case ["spawn"]:
                overlap.spawn(asyncio.sleep(0.3), name="short")
            case ["call"]:
                with tracer.start_as_current_span("call"):
                    await asyncio.sleep(0.01)
            case ["bye"]:
                await self.close(code=4001)
                return
        await self.send(text_data=text_data)


class SyncEcho(WebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        with tracer.start_as_current_span("call"):
            self.send(text_data=text_data)


application = ProtocolTypeRouter(
    {
        "http": django,
        "websocket": URLRouter(
            [path("echo/<str:room>/", Echo.as_asgi()), path("sync-echo/", SyncEcho.as_asgi())]
        ),
    }
)
