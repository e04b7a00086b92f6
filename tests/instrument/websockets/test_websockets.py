"""WebSocket connections under real servers: spans, links, close codes, blocks by consumers."""

from __future__ import annotations

import asyncio

import pytest
import websockets

CHANNELS = "smokesite.channelled:application"
STARLETTE = "smokesite.starlette_sockets:application"
CONSUMER = 5  # SPAN_KIND_CONSUMER


def talk(server, path, *messages):
    """Send messages, receive an answer to each, and close. Return the answers, the close code."""

    async def main():
        url = server.url.replace("http", "ws") + path
        async with websockets.connect(url, open_timeout=20) as socket:
            answers = []
            try:
                for message in messages:
                    await socket.send(message)
                    answers.append(await asyncio.wait_for(socket.recv(), 20))
            except websockets.ConnectionClosed:
                pass
            else:
                await socket.close(1000)
            return answers, socket.close_code

    return asyncio.run(main())


@pytest.mark.parametrize("by", ["uvicorn", "hypercorn", "daphne", "granian"])
def test_a_connection_and_its_messages_are_spans(serve, sink, wait_until, by):
    """Each message has a trace of its own, with a link; what the consumer calls is below it."""
    server = serve(by=by, app=CHANNELS)
    assert talk(server, "/echo/pit/", "call", "hello") == (["call", "hello"], 1000)
    connection = sink.one("WEBSOCKET Echo")
    assert connection.attributes["overlap.websocket.consumer"] == "smokesite.channelled.Echo"
    assert connection.attributes["overlap.websocket.received"] == 2
    assert connection.attributes["overlap.websocket.sent"] == 2
    # Of a close by the client, hypercorn reports 1006 whatever the client said.
    code = 1006 if by == "hypercorn" else 1000
    assert connection.attributes["overlap.websocket.close_code"] == code
    assert connection.attributes["url.path"] == "/echo/pit/"
    assert connection.parent_id == ""
    wait_until(lambda: len(sink.named("receive Echo")) == 2)
    messages = sink.named("receive Echo")
    assert len({span.trace_id for span in [connection, *messages]}) == 3
    for message in messages:
        assert (message.parent_id, message.kind) == ("", CONSUMER)
        (link,) = message.links
        assert link.span_id == connection.span_id
        assert link.attributes["overlap.link"] == "connection"
    assert sink.one("call").parent_id in {message.span_id for message in messages}
    server.stop()
    assert "Traceback" not in server.log


def test_a_block_names_the_consumer(serve, sink, wait_until):
    """In a process that has served nothing but a WebSocket."""
    server = serve(by="hypercorn", app=CHANNELS)
    talk(server, "/echo/pit/", "burn 1")

    def block():
        (message,) = sink.named("receive Echo")
        found = sink.named("event_loop.blocked")
        return [each for each in found if each.parent_id == message.span_id]

    sink.one("receive Echo")
    (found,) = wait_until(block)
    assert found.attributes["code.function.name"] == "Echo.receive"


def test_an_exception_in_a_consumer_is_on_its_spans(serve, sink):
    """On the message's and on the connection's, which it ends."""
    server = serve(app=CHANNELS)
    assert talk(server, "/echo/pit/", "boom")[0] == []
    for span in (sink.one("receive Echo"), sink.one("WEBSOCKET Echo")):
        assert span.attributes["error.type"] == "RuntimeError"
        assert span.events[0][1]["exception.message"] == "too hot"


def test_the_applications_close_code_is_recorded(serve, sink):
    """The first side that closes says why."""
    server = serve(app=CHANNELS)
    assert talk(server, "/echo/pit/", "bye") == ([], 4001)
    assert sink.one("WEBSOCKET Echo").attributes["overlap.websocket.close_code"] == 4001


def test_a_sync_consumer_is_traced_as_well(serve, sink):
    """Its messages are handled in a thread."""
    server = serve(app=CHANNELS)
    assert talk(server, "/sync-echo/", "hello")[0] == ["hello"]
    assert sink.one("call").parent_id == sink.one("receive SyncEcho").span_id


def test_an_application_without_channels_is_traced(serve, sink, wait_until):
    """Starlette's endpoint: the span of a message ends when it asks for the next one."""
    server = serve(app=STARLETTE)
    assert talk(server, "/sockets/1/", "one", "two")[0] == ["one", "two"]
    connection = sink.one("WEBSOCKET /sockets/{number}/")
    wait_until(lambda: len(sink.named("receive /sockets/{number}/")) == 2)
    messages = sink.named("receive /sockets/{number}/")
    assert {m.links[0].span_id for m in messages} == {connection.span_id}
    assert {call.parent_id for call in sink.named("call")} == {m.span_id for m in messages}
    assert "Failed to detach" not in server.log


@pytest.mark.parametrize(
    "sample",
    [
        (CHANNELS, "/echo/pit/", "WEBSOCKET Echo"),
        (STARLETTE, "/sockets/1/", "WEBSOCKET /sockets/{number}/"),
    ],
    ids=["channels", "starlette"],
)
def test_the_loop_time_of_messages_is_counted_as_a_routes(serve, sink, wait_until, sample):
    """Running, ready and awaiting, as for requests: the consumer that eats the loop is seen."""
    app, path, route = sample
    server = serve(app=app, env={"OTEL_METRIC_EXPORT_INTERVAL": "300"})
    assert talk(server, path, "one", "two")[0] == ["one", "two"]

    def states():
        points = sink.points("overlap.event_loop.time")
        return {
            where["overlap.event_loop.state"]: point.as_double
            for where, point in points
            if where.get("http.route") == route
        }

    wait_until(states)
    assert {*states()} == {"running", "ready", "awaiting"}
    assert states()["running"] > 0


@pytest.mark.parametrize("by", ["uvicorn", "hypercorn", "daphne", "granian"])
def test_an_asgi_function_of_the_projects_own_is_traced(serve, sink, wait_until, by):
    """No framework is between the server and the function: the path names the connection."""
    server = serve(by=by, app="smokesite.raw_sockets:application")
    assert talk(server, "/pit/", "one", "two")[0] == ["one", "two"]
    connection = sink.one("WEBSOCKET")
    assert connection.attributes["url.path"] == "/pit/"
    wait_until(lambda: len(sink.named("receive")) == 2)
    messages = sink.named("receive")
    assert {m.links[0].span_id for m in messages} == {connection.span_id}
    assert {call.parent_id for call in sink.named("call")} == {m.span_id for m in messages}
    assert server.get("/").status_code == 200
    assert sink.one("GET /")


def test_spawned_work_of_a_consumer_is_drained(serve, sink):
    """In a process that has served nothing else, at SIGTERM."""
    server = serve(app=CHANNELS)
    talk(server, "/echo/pit/", "spawn")
    server.stop()
    assert sink.one("short").attributes["overlap.task.end"] == "done"


def test_a_failure_of_ours_does_not_harm_the_connection(own_sink, run):
    """Wherever our code raises, the application gets its messages and sends its own."""
    run(
        """
        import asyncio, overlap
        overlap.instrument()
        from overlap.instrument.websockets import application, connection
        async def echo(scope, receive, send):
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message["text"]})
        async def main():
            hi = {"type": "websocket.receive", "text": "hi"}
            messages = [hi, {"type": "websocket.disconnect"}]
            sent = []
            async def receive(): return messages.pop(0)
            async def send(message): sent.append(message["type"])
            await application.serve(echo, {"type": "websocket", "path": "/"}, receive, send)
            assert sent == ["websocket.accept", "websocket.send"], sent
        def broken(*_, **__): raise RuntimeError
        for name in ("start_message", "received", "sent", "end_message", "finish", "__init__"):
            stock = getattr(connection.Connection, name)
            setattr(connection.Connection, name, broken)
            asyncio.run(main())
            setattr(connection.Connection, name, stock)
        overlap.shutdown()
        """,
        own_sink.url,
    )
