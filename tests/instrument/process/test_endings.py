"""However a server ends at SIGTERM, background work is drained and the last telemetry is sent."""

from __future__ import annotations

import psutil
import pytest

pytestmark = pytest.mark.slow

SERVERS = {
    "uvicorn": {"by": "uvicorn"},
    "uvicorn-uvloop": {"by": "uvicorn", "loop": "uvloop"},
    "hypercorn": {"by": "hypercorn"},
    "hypercorn-2": {"by": "hypercorn", "workers": 2},
    "granian": {"by": "granian"},
    "daphne": {"by": "daphne"},
    "gunicorn": {"by": "gunicorn"},
}
APPLICATIONS = {
    "django": "smokesite.asgi:application",
    "starlette": "smokesite.mounted:application",
    "channels": "smokesite.channelled:application",
}
SERVER = 2  # SPAN_KIND_SERVER
LONG_INTERVALS = {"OTEL_METRIC_EXPORT_INTERVAL": "60000", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
"""So that what arrives was sent at the end."""


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("server", SERVERS)
def test_work_is_drained_and_telemetry_sent_at_sigterm(serve, sink, server, application):
    """The task is waited for, spans and metrics of the last requests arrive, no traceback."""
    started = serve(app=APPLICATIONS[application], env=LONG_INTERVALS, **SERVERS[server])
    assert started.get("/").status_code == 200
    assert started.get("/spawn/?kind=short").status_code == 200
    started.stop()
    assert sink.one("short").attributes["overlap.task.end"] == "done", started.log
    assert len(sink.named("GET /")) == 1
    counts = {a["http.route"]: p.count for a, p in sink.points("http.server.request.duration")}
    assert counts == {"/": 1, "/spawn/": 1}
    assert [a for a, _ in sink.points("overlap.background.ended")] == [
        {"overlap.task.name": "short", "overlap.task.end": "done"}
    ]
    assert "Traceback" not in started.log


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_django_mounted_in_fastapi(serve, sink, server):
    """Django's requests, tasks and the end are as ever, whether FastAPI traces its own or not."""
    started = serve(app="smokesite.fastapi_mounted:application", env=LONG_INTERVALS, by=server)
    assert started.get("/fast/").json() == {"hello": "from FastAPI"}
    assert started.get("/").status_code == 200
    assert started.get("/spawn/?kind=short").status_code == 200
    started.stop()
    assert sink.one("short").attributes["overlap.task.end"] == "done", started.log
    servers = {span.span_id: span for span in sink.spans if span.kind == SERVER}
    for name in ("GET /", "GET /spawn/"):
        # FastAPI of late has telemetry of its own: its span is then the server's, above ours.
        ours = sink.one(name)
        assert ours.kind == SERVER or servers[ours.parent_id].trace_id == ours.trace_id
    assert "Traceback" not in started.log


def test_workers_of_hypercorn_finish_though_their_parent_terminates_them(serve, sink):
    """As it does twice, with those that have not ended when the first has."""
    started = serve(workers=2, env=LONG_INTERVALS, by="hypercorn")
    assert started.get("/spawn/?kind=short").status_code == 200
    for worker in psutil.Process(started.process.pid).children():
        if "spawn_main" in " ".join(worker.cmdline()):
            worker.terminate()
            worker.terminate()
    started.stop()
    assert sink.one("short").attributes["overlap.task.end"] == "done", started.log
    assert sink.one("GET /spawn/")
    assert "Traceback" not in started.log
