"""Django mounted in a FastAPI application, with a route and a WebSocket of FastAPI's own."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from smokesite.asgi import application as django

application = FastAPI()


@application.get("/fast/")
async def fast():
    return {"hello": "from FastAPI"}


@application.websocket("/sockets/{number}/")
async def echo(socket: WebSocket, number: int):
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


application.mount("/", django)
