"""`overlap run`: any server of a Django project, traced with no change to its code."""

import signal
import socket
from inspect import signature
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn

pytestmark = pytest.mark.slow

UVICORN = ("uvicorn", "bakery.asgi:application", "--port", "{port}")
GUNICORN = (
    "gunicorn", "bakery.asgi:application", "-k", "uvicorn_worker.UvicornWorker",
    "-b", "127.0.0.1:{port}", "-w", "2",
)  # fmt: skip
# On a busy machine a worker may not answer its parent within the usual 5 s, and is killed.
HAS_HEALTHCHECK = "timeout_worker_healthcheck" in signature(uvicorn.Config).parameters
PATIENT = ("--timeout-worker-healthcheck", "60") if HAS_HEALTHCHECK else ()
WORKERS = (*UVICORN, "--workers", "2", *PATIENT)
HYPERCORN = ("hypercorn", "bakery.asgi:application", "-b", "127.0.0.1:{port}")
GRANIAN = ("granian", "--interface", "asgi", "bakery.asgi:application", "--port", "{port}")
RUNSERVER = ("python", "manage.py", "runserver", "{port}")


@pytest.mark.parametrize(
    ("command", "watched_over"),
    [
        pytest.param(UVICORN, False, id="uvicorn"),
        pytest.param((*UVICORN, "--reload"), True, id="uvicorn --reload"),
        pytest.param(WORKERS, True, id="uvicorn --workers"),
        pytest.param(GUNICORN, True, id="gunicorn"),
        pytest.param((*GUNICORN, "--preload"), True, id="gunicorn --preload"),
        pytest.param(HYPERCORN, True, id="hypercorn"),
        pytest.param((*HYPERCORN, "--reload"), True, id="hypercorn --reload"),
        pytest.param(GRANIAN, True, id="granian"),
        pytest.param(RUNSERVER, True, id="runserver"),
        pytest.param((*RUNSERVER, "--noreload"), False, id="runserver --noreload"),
    ],
)
def test_a_server_is_traced_as_it_is(start, helpers, command, watched_over):
    """One span a request, of the processes that serve; none is switched on in their parent."""
    run = start(*command)
    answers = [helpers.until(run.get, run.log.read_text()) for _ in range(3)]
    spans = helpers.until(
        lambda: len(found := run.requests()) >= len(answers) and found, "three spans"
    )
    assert [span["name"] for span in spans] == ["GET /bread/"] * len(answers)
    assert {span["pid"] for span in spans} <= run.pids
    assert run.pids <= run.served()
    assert (_child_of(run) in run.served()) is not watched_over
    assert f"bakery is traced: {run.page}" in helpers.until(
        lambda: run.said[1:], "the page's address again"
    )
    # At SIGINT gunicorn sends SIGQUIT, which no worker of uvicorn hears, and waits for 30 s.
    assert run.end(signal.SIGTERM if command[0] == "gunicorn" else signal.SIGINT) == 0
    assert list(run.notes.iterdir()) == []


def _child_of(run) -> int:
    """The command's own process."""
    listing = f"/proc/{run.process.pid}/task/{run.process.pid}/children"
    with open(listing, encoding="ascii") as file:  # noqa: PTH123
        pids = [int(pid) for pid in file.read().split()]
    commands = {}
    for pid in pids:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:  # noqa: PTH123
            commands[pid] = file.read()
    return next(pid for pid, line in commands.items() if "pocket" not in line)


def test_a_project_without_an_asgi_module(start, helpers):
    """Django's own factory is application enough."""
    factory = ("uvicorn", "--factory", "django.core.asgi:get_asgi_application", "--port", "{port}")
    run = start(*factory, DJANGO_SETTINGS_MODULE="bakery.settings")
    assert helpers.until(run.get, "an answer")
    assert helpers.until(run.spans, "a span")


def test_the_projects_own_sitecustomize_runs(start, helpers):
    """The bootstrap stands before it on the path, and hands on."""
    run = start(*UVICORN, PYTHONPATH=str(helpers.SITE / "custom"))
    assert helpers.until(run.get, "an answer")["custom"] == "run"
    assert helpers.until(run.spans, "a span")


def test_pocket_starts_and_ends_with_the_command(start, helpers):
    """Where ports are named, it is there for as long as the command is, and no longer."""
    run = start(*UVICORN, options=("--port=0", "--otlp-port=0"))
    helpers.until(run.get, "an answer")
    assert helpers.until(run.spans, "a span")
    assert "/bread/" in httpx.get(f"{run.page}/traces", trust_env=False).text
    assert run.end() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(run.page, trust_env=False)


def test_a_backend_that_is_there_is_used(start, helpers, backend):
    """Without ports named, what takes telemetry at the endpoint takes it; it stays when we end."""
    page = backend["OVERLAP_TRACES_URL"]
    run = start(*UVICORN)
    assert run.said[0] == f"page {page}, telemetry to {backend['OTEL_EXPORTER_OTLP_ENDPOINT']}"
    helpers.until(run.get, "an answer")
    assert run.end() == 0
    assert run.said[-1] == f"its traces: {page}"
    assert httpx.get(page, trust_env=False).status_code == 200


def test_signals_and_exit_codes_are_the_commands(start, helpers):
    """SIGTERM goes on to the command, whose status is ours, as a shell would give it."""
    run = start(*UVICORN)
    helpers.until(run.get, "an answer")
    assert run.end(signal.SIGTERM) in (0, 143)
    assert start("sh", "-c", "exit 7").process.wait(40) == 7
    assert start("sh", "-c", "kill -9 $$").process.wait(40) == 137


@pytest.mark.parametrize(
    "command",
    [
        ("uvicorn", "plain:app", "--port", "{port}"),
        ("uvicorn", "plain:app", "--port", "{port}", "--workers", "2"),
        ("hypercorn", "plain:app", "-b", "127.0.0.1:{port}"),
        ("granian", "--interface", "asgi", "plain:app", "--port", "{port}"),
    ],
    ids=lambda command: " ".join(command[::4]),
)
def test_what_is_not_djangos_is_refused(start, helpers, command):
    """One sentence, exit code 2, and nothing goes on."""
    run = start(*command)
    assert run.process.wait(60) == 2
    assert run.said[-1].startswith("plain:app is not a Django application")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", run.port)) != 0


def test_what_cannot_be_run_is_one_sentence(start, helpers):
    """A command that is missing, a port that is taken."""
    missing = start("no-such-server")
    assert missing.process.wait(40) == 2
    assert missing.said == ["there is no command 'no-such-server': is the project's venv active?"]
    run = start(*UVICORN)
    taken = start(*UVICORN, options=(f"--port={urlsplit(run.page).port}",))
    assert taken.process.wait(40) == 2
    (line,) = taken.said
    assert "is in use by" in line
    assert line.endswith("choose another with --port")


def test_no_backend_is_needed(start, helpers):
    """With --no-pocket none is started, and requests are served whether one is there or not."""
    nowhere = f"http://127.0.0.1:{helpers.free_port()}"
    run = start(*UVICORN, options=("--no-pocket",), OTEL_EXPORTER_OTLP_ENDPOINT=nowhere)
    assert helpers.until(run.get, "an answer")
    assert run.end() == 0


def test_a_run_that_is_killed_leaves_nothing_in_the_next_ones_way(start, helpers):
    """The command, pocket and the notes end with it: their ports are free again."""
    run = start(*UVICORN, options=("--port=0", "--otlp-port=0"))
    helpers.until(run.get, "an answer")
    (left,) = run.notes.iterdir()
    run.process.kill()
    run.process.wait(10)
    helpers.until(lambda: _is_free(run.port), "the command's port")
    helpers.until(lambda: _is_free(urlsplit(run.page).port), "pocket's port")
    page, port = f"--port={urlsplit(run.page).port}", str(run.port)
    again = start(*UVICORN[:-1], port, options=(page, "--otlp-port=0"))
    again.port = run.port
    helpers.until(again.get, "an answer on the same port")
    assert again.page == run.page
    assert not left.exists()


def _is_free(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_it_is_traced_only_after_a_span_has_arrived(start, helpers):
    """A server that serves, and a backend that is gone: another sentence says so."""
    run = start(*UVICORN, options=("--port=0", "--otlp-port=0"))
    helpers.until(run.served, "the process that serves")
    assert run.said[1:] == []
    helpers.until(run.get, "an answer")
    assert helpers.until(lambda: run.said[1:], "a sentence") == [f"bakery is traced: {run.page}"]
    nowhere = f"http://127.0.0.1:{helpers.free_port()}"
    unseen = start(*UVICORN, options=("--no-pocket",), OTEL_EXPORTER_OTLP_ENDPOINT=nowhere)
    helpers.until(unseen.get, "an answer")
    assert unseen.end() == 0
    assert unseen.said[1:] == [
        f"bakery was started, but none of its spans were delivered (telemetry to {nowhere})"
    ]


def test_a_signal_with_an_endpoint_of_its_own_is_sent_there(start, helpers, backend):
    """Traces go where OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says; the others to the general one."""
    nowhere = f"http://127.0.0.1:{helpers.free_port()}"
    traces = f"{backend['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces"
    run = start(
        *UVICORN,
        OTEL_EXPORTER_OTLP_ENDPOINT=nowhere,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=traces,
    )
    assert run.said[0] == (
        f"page {run.page}, traces to {traces}, metrics to {nowhere}/v1/metrics, "
        f"logs to {nowhere}/v1/logs"
    )
    helpers.until(run.get, "an answer")
    assert helpers.until(run.spans, "a span")
    helpers.until(lambda: "metrics can't be delivered" in run.log.read_text(), "a complaint")
    assert "traces can't be delivered" not in run.log.read_text()


@pytest.mark.parametrize("order", ["ours first", "theirs first"])
def test_opentelemetry_instrument_and_we_trace_each_request_once(start, helpers, order):
    """`overlap run -- opentelemetry-instrument …`, and the other way round."""
    environ = {
        "DJANGO_SETTINGS_MODULE": "bakery.settings",
        "OTEL_TRACES_EXPORTER": "otlp_proto_http",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_SERVICE_NAME": order.replace(" ", "-"),
    }
    if order == "ours first":
        run = start("opentelemetry-instrument", *UVICORN, **environ)
    else:
        run = start(*UVICORN, wrapper=("opentelemetry-instrument",), **environ)
    run.service = environ["OTEL_SERVICE_NAME"]
    for _ in range(3):
        helpers.until(run.get, "an answer")
    helpers.until(lambda: len(run.requests()) >= 3, "three spans")
    assert f"{run.service} is traced: {run.page}" in helpers.until(
        lambda: run.said[1:], "a sentence"
    )
    assert run.end(signal.SIGTERM) in (0, 143)
    assert [span["name"] for span in run.requests()] == ["GET /bread/"] * 3
