"""The flight recorder on real servers: every request is in it, whatever the lens looks at."""

from __future__ import annotations

import signal

import pytest

from overlap.recording import read, summary, traces

ON = {"OVERLAP_LENS_RATE": "0", "OVERLAP_RECORDER_SLOW_MS": "150", "OVERLAP_RECORDER_MB": "1"}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_slow_request_among_those_that_nobody_looked_at(serve, tmp_path, wait_until, loop):
    """Written out when it ends: its steps, its wait, its trace id; the fast ones beside it."""
    folder = tmp_path / "flights"
    calm = {"OVERLAP_BLOCKED_THRESHOLD_MS": "60000"}  # a busy machine blocks any loop
    server = serve(loop=loop, env=ON | calm | {"OVERLAP_RECORDER_DIR": str(folder)})
    for path in ("/", "/query/", "/sync/", "/wait/?s=0.2"):
        assert server.get(path).status_code == 200
    wait_until(lambda: [*folder.glob("smokesite.*.slow.flight")])
    server.process.send_signal(signal.SIGUSR2)  # on a busy machine, another was slow before
    (path,) = wait_until(lambda: [*folder.glob("smokesite.*.signal.flight")])
    recording = read(path)
    found = summary(recording)
    slow = next(row for row in found.slowest if row.name == "GET /wait/")
    assert slow.ms >= 190
    assert slow.steps >= 2
    assert slow.longest_ms < 100, "the wait is no step"
    names = [request.name for request in recording.requests]
    assert names == ["GET /", "GET /query/", "GET /sync/", "GET /wait/"]
    hops = {(hop.route, hop.cause): hop.calls for hop in found.hops}
    assert hops["GET /sync/", "sync code"] >= 1
    assert hops["GET /query/", "sync code"] >= 1
    assert sum(row.opened for row in found.connections) >= 1
    trace = next(each for each in traces(recording) if each.spans[0].name == "GET /wait/")
    figures = trace.spans[0].attributes
    waited = figures["overlap.loop.awaiting_ms"] + figures["overlap.loop.ready_ms"]
    assert waited >= 100
    server.stop()
    assert [*folder.glob("*.ring")] == []


def test_a_block_is_written_out_with_its_line(serve, tmp_path, wait_until):
    """By the watchdog, when it is over."""
    folder = tmp_path / "flights"
    server = serve(
        env=ON | {"OVERLAP_RECORDER_DIR": str(folder), "OVERLAP_RECORDER_SLOW_MS": "1e9"}
    )
    server.get("/burn/?s=0.3")
    wait_until(lambda: [*folder.glob("smokesite.*.blocked.flight")])

    def shown():
        """Whether it is in a dump: on a busy machine another block may have been the first."""
        server.process.send_signal(signal.SIGUSR2)
        dumps = [summary(read(path)) for path in folder.glob("*.flight")]
        found = [block for dump in dumps for block in dump.blocks if "in overcook" in block["what"]]
        return any(block["ms"] >= 150 for block in found)

    wait_until(shown)


def test_a_signal_shows_what_is_in_progress_and_a_killed_process_leaves_it(
    serve, tmp_path, wait_until
):
    """SIGUSR2 while a request waits; after SIGKILL, the next process makes a dump of the ring."""
    folder = tmp_path / "flights"
    env = ON | {"OVERLAP_RECORDER_DIR": str(folder)}
    server = serve(env=env)
    server.get("/")
    with server.client.stream("GET", "/endless/") as response:
        parts = response.iter_raw()  # its end would close the connection
        next(parts)
        server.process.send_signal(signal.SIGUSR2)
        (path,) = wait_until(lambda: [*folder.glob("smokesite.*.signal.flight")])
        running = [each for each in read(path).requests if each.took_s is None]
        assert len(running) == 1
        server.process.kill()
        server.process.wait()
    serve(env=env)
    (killed,) = wait_until(lambda: [*folder.glob("smokesite.*.killed.flight")])
    found = read(killed)
    assert found.reason == "the process was killed"
    assert [each.name for each in found.requests] == ["GET /", ""]
    assert sum(each.took_s is None for each in found.requests) == 1


def test_a_stream_that_is_not_sampled_is_not_slow(serve, tmp_path, wait_until):
    """It takes as long as it takes, whether its span is recorded or not."""
    folder = tmp_path / "flights"
    server = serve(
        env=ON
        | {
            "OVERLAP_RECORDER_DIR": str(folder),
            "OVERLAP_RECORDER_SLOW_MS": "30",
            "OVERLAP_BLOCKED_THRESHOLD_MS": "60000",
            "OTEL_TRACES_SAMPLER": "always_off",
        }
    )
    assert server.get("/stream/").status_code == 200  # 60 ms
    server.process.send_signal(signal.SIGUSR2)
    (path,) = wait_until(lambda: [*folder.glob("smokesite.*.signal.flight")])
    (stream,) = [each for each in read(path).requests if each.name == "GET /stream/"]
    assert stream.took_s >= 0.05
    assert [*folder.glob("smokesite.*.slow.flight")] == []


def test_without_a_folder_nothing_is_recorded(run, own_sink):
    """It is off, and costs nothing."""
    code = """
    import asyncio, overlap
    from concurrent.futures import ThreadPoolExecutor
    from overlap.recorder import active
    overlap.instrument()
    assert active.RECORDER is None
    async def main():
        assert "run_step" not in repr(asyncio.get_running_loop().call_soon)
    asyncio.run(main())
    overlap.shutdown()
    """
    run(code, own_sink.url)


SHOP = """
import asyncio, sys, types
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.dispatch import Signal
from django.http import HttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

class Mixin(MiddlewareMixin):
    def process_request(self, request): pass
    def process_response(self, request, response): return response

def old(get_response):
    return lambda request: get_response(request)

def count(**_signal): pass
sold = Signal()
sold.connect(count)

async def view(request):
    from django.contrib.contenttypes.models import ContentType
    await sold.asend(None)
    await ContentType.objects.aexists()
    return HttpResponse("ok")

shop = types.ModuleType("shop")
vars(shop).update(Mixin=Mixin, old=old, urlpatterns=[path("shop/", view)])
sys.modules["shop"] = shop
settings.ROOT_URLCONF = "shop"
settings.INSTALLED_APPS = ["django.contrib.contenttypes"]
settings.MIDDLEWARE = MIDDLEWARE
settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER + "/db"}}
import overlap
overlap.instrument()
from django.core.asgi import get_asgi_application
app = get_asgi_application()
call_command("migrate", verbosity=0)

async def get(path):
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
             "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
             "root_path": "", "headers": [(b"host", b"localhost")], "server": ("t", 80),
             "client": ("c", 1)}
    bodies, sent = iter([{"type": "http.request", "body": b"", "more_body": False}]), []
    async def receive():
        for each in bodies:
            return each
        await asyncio.Event().wait()
    async def send(message):
        sent.append(message)
    await asyncio.create_task(app(scope, receive, send))
    return sent[0]["status"]

assert asyncio.run(get("/shop/")) == 200
assert asyncio.run(get("/nowhere/")) == 404
from overlap.recorder import active, dumps
active.ask(dumps.SIGNAL)
overlap.shutdown()
"""


@pytest.mark.parametrize(
    ("middleware", "causes"),
    [
        (["shop.Mixin"], {"middleware hook": 2, "receivers": 1, "ORM": 1}),
        (["shop.old"], {"sync middleware": 1}),
        ([], {"receivers": 1, "ORM": 1}),
    ],
    ids=["hooks", "sync middleware", "none"],
)
def test_each_way_to_a_thread_has_its_cause(run, own_sink, tmp_path, middleware, causes):
    """Hooks of a MiddlewareMixin, sync middleware as a whole, receivers, the ORM, error pages."""
    names = f"MIDDLEWARE = {middleware!r}\nFOLDER = {str(tmp_path)!r}\n"
    run(names + SHOP, own_sink.url, OVERLAP_RECORDER_DIR=str(tmp_path / "flights"))
    (path,) = (tmp_path / "flights").glob("*.signal.flight")
    found = summary(read(path))
    hops = {hop.cause: hop.calls for hop in found.hops if hop.route == "GET /shop/"}
    # Lean resets the thread's connections in a hop, which may come after the request's end.
    assert hops.pop("closing the response", 1) == 1
    assert hops == causes
    assert "error page" in {hop.cause for hop in found.hops if hop.route == "GET"}
    if middleware == ["shop.old"]:
        assert any(hop.function == "shop.old (sync middleware)" for hop in found.hops)
