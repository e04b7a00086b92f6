"""The extras of clients: each brings an instrumentation that is switched on and works beside ours.

In an environment of their own: they would be switched on in every test of the others.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

from tests.instrument.conftest import Sink, until
from tests.lean.postgresql import server

ROOT = Path(__file__).resolve().parent.parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
CLIENTS = {
    "aiohttp": "aiohttp",
    "asyncpg": "asyncpg",
    "botocore": "botocore",
    "grpc": "grpcio",
    "psycopg": "psycopg[binary,pool]",
    "redis": "redis",
    "requests": "requests",
    "sqlalchemy": "sqlalchemy<2.1",  # the newest that its instrumentation of 0.66b1 accepts
    "urllib3": "urllib3",
}
"""The package of each extra's client."""
BESIDE = ("httpx2", "opentelemetry-instrumentation-structlog")
"""What else a project may have: a client that needs no extra, and structlog's instrumentation."""
pytestmark = [
    pytest.mark.package,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("package"),
]


@pytest.fixture(scope="module")
def clients(wheel, make_environment):
    """An environment with every client and every extra of theirs."""
    environment = make_environment(sys.executable)
    environment.install(f"{wheel}[{','.join(CLIENTS)}]", *CLIENTS.values(), *BESIDE)
    return environment


@pytest.fixture(scope="module")
def http():
    """A server that answers whatever it is asked, as S3 answers a list of buckets."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread
    from time import sleep

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/slow":
                sleep(0.1)
            body = b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    program = shutil.which("redis-server")
    assert program, "no redis-server (Debian: redis-server)"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    folder = tmp_path_factory.mktemp("redis")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([program, *options], cwd=folder, stdout=log, stderr=log) as process,
    ):

        def listens():
            with socket.socket() as probe:
                return not probe.connect_ex(("127.0.0.1", port))

        until(listens, "redis")
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@pytest.fixture(scope="module")
def postgresql():
    with server() as settings:
        yield settings


DRIVER = """
import asyncio, os
import overlap
{before}
overlap.instrument(service_name="web")
from opentelemetry import trace
{imports}

async def at_once(*calls):
    await asyncio.sleep(0.05)  # the lens looks at the loop
    with trace.get_tracer("t").start_as_current_span("calls"):
        await asyncio.gather(*calls)

async def call():
{call}

with trace.get_tracer("t").start_as_current_span("view"):
    asyncio.run(call())
overlap.shutdown()
"""
CALLS = {
    "aiohttp": (
        "import aiohttp",
        """
    async with aiohttp.ClientSession() as session, session.get(os.environ["HTTP"]) as answer:
        assert answer.status == 200
""",
        {"GET"},
    ),
    "asyncpg": (
        "import asyncpg",
        """
    connection = await asyncpg.connect(os.environ["PG"])
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
""",
        {"SELECT"},
    ),
    "botocore": (
        "import botocore.session",
        """
    session = botocore.session.get_session()
    keys = dict(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
    session.create_client("s3", endpoint_url=os.environ["HTTP"], **keys).list_buckets()
""",
        {"S3.ListBuckets"},
    ),
    "grpc": (
        "import grpc; from concurrent.futures import ThreadPoolExecutor",
        """
    handler = grpc.method_handlers_generic_handler(
        "kitchen.Stove", {"Light": grpc.unary_unary_rpc_method_handler(lambda data, _: data)}
    )
    server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert await channel.unary_unary("/kitchen.Stove/Light")(b"x") == b"x"
    server.stop(None).wait()
""",
        {"/kitchen.Stove/Light"},
    ),
    "psycopg": (
        "import psycopg",
        """
    async with await psycopg.AsyncConnection.connect(os.environ["PG"]) as connection:
        await connection.execute("SELECT 1")
""",
        {"SELECT"},
    ),
    "redis": (
        "import redis, redis.asyncio",
        """
    with redis.Redis.from_url(os.environ["REDIS"]) as client:
        client.set("a", 1)
    async with redis.asyncio.Redis.from_url(os.environ["REDIS"]) as client:
        await client.get("a")
""",
        {"SET", "GET"},
    ),
    "requests": (
        "import requests",
        """
    assert requests.get(os.environ["HTTP"]).status_code == 200
""",
        {"GET"},
    ),
    "sqlalchemy": (
        "import sqlalchemy",
        """
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
""",
        {"SELECT", "connect"},
    ),
    "urllib3": (
        "import urllib3",
        """
    assert urllib3.PoolManager().request("GET", os.environ["HTTP"]).status == 200
""",
        {"GET"},
    ),
}
OTHERS = {
    "httpx2": (
        "import httpx2",
        """
    with httpx2.Client() as client:
        assert client.get(os.environ["HTTP"]).status_code == 200
    async with httpx2.AsyncClient() as client:
        assert (await client.get(os.environ["HTTP"])).status_code == 200
        try:
            await client.get("http://127.0.0.1:1/")
        except httpx2.ConnectError:
            pass
""",
        {"GET"},
    ),
    "structlog": (
        "import structlog",
        """
    structlog.get_logger().info("served", table=4)
""",
        set(),
    ),
}
"""What needs no extra."""


POOLS = {
    "aiohttp": (
        "import aiohttp",
        """
    async def use(session):
        async with session.get(os.environ["HTTP"] + "/slow"):
            pass  # holder
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        await at_once(use(session), use(session))
""",
        "BaseConnector",
    ),
    "asyncpg": (
        "import asyncpg",
        """
    async def use(pool):
        async with pool.acquire() as connection:
            await connection.execute("SELECT pg_sleep(0.1)")
    async with asyncpg.create_pool(os.environ["PG"], min_size=1, max_size=1) as pool:
        await at_once(use(pool), use(pool))
""",
        "Pool",
    ),
    "psycopg": (
        "import psycopg_pool",
        """
    async def use(pool):
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(0.1)")
    async with psycopg_pool.AsyncConnectionPool(os.environ["PG"], max_size=1, min_size=1) as pool:
        await pool.wait()
        await at_once(use(pool), use(pool))
""",
        "WaitingClient",
    ),
    "redis": (
        "import redis.asyncio",
        """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        os.environ["REDIS"], max_connections=1, timeout=10
    )
    async def use(client):
        await client.blpop("nothing", timeout=0.2)
    async with redis.asyncio.Redis(connection_pool=pool) as client:
        await client.ping()
        await at_once(use(client), use(client))
    await pool.disconnect()
""",
        "BlockingConnectionPool",
    ),
}
"""Two calls at once, with a pool of one connection; and the class that waits."""
FIGURES = {
    "asyncpg": (
        "import asyncpg",
        """
    import opentelemetry.metrics
    from overlap.instrument.calls.asyncpg_pools import asyncpg_pools
    opened, done = asyncio.Semaphore(0), asyncio.Event()
    async def use(pool):
        async with pool.acquire() as connection:
            await connection.execute("SELECT 1")
            opened.release()
            await done.wait()
    async with asyncpg.create_pool(os.environ["PG"], min_size=1, max_size=2) as pool:
        using = [asyncio.ensure_future(use(pool)) for _ in range(3)]
        await opened.acquire()
        await opened.acquire()
        ((_, full),) = asyncpg_pools()
        await asyncio.to_thread(opentelemetry.metrics.get_meter_provider().force_flush)
        done.set()
        await asyncio.gather(*using)
        ((_, idle),) = asyncpg_pools()
        assert full == dict(pool_size=2, pool_available=0, pool_max=2, requests_waiting=1), full
        assert pool.get_size() == full["pool_size"]
        assert idle == dict(pool_size=2, pool_available=2, pool_max=2, requests_waiting=0), idle
        assert pool.get_idle_size() == idle["pool_available"]
""",
    ),
}
"""A pool of two connections with three calls; it checks what is known of the pool."""


@pytest.fixture
def play(clients, http, redis_url, postgresql, tmp_path):
    """Run a script in the environment, and give the spans of what it sent by their names."""

    def play(client, before="", calls=CALLS, **variables):
        sink = Sink()
        imports, call, *_ = (calls | OTHERS)[client]
        script = tmp_path / "script.py"
        script.write_text(DRIVER.format(before=before, imports=imports, call=call))
        database = "postgresql://{USER}@{HOST}:{PORT}/postgres".format(**postgresql)
        environment = types.SimpleNamespace(
            bin=clients.bin,
            variables=clients.variables
            | {
                "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url,
                "OTEL_BSP_SCHEDULE_DELAY": "40",
                "OVERLAP_BLOCKED_THRESHOLD_MS": "60000",  # half of these calls block the loop
                "HTTP": http,
                "REDIS": redis_url,
                "PG": database,
            }
            | variables,
        )
        done = subprocess.run(
            [environment.bin / "python", script],
            env=environment.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        sink.close()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return sink

    return play


NO_CLIENTS = {"zstd", "celery", "demo", "bench", "spark", "mcp", "otlp-grpc", "toolbar"}
"""Extras that are about no client."""


def test_every_extra_of_a_client_is_tested():
    """The table of the docs, the extras and these tests name the same clients."""
    page = (ROOT / "docs/how-to/clients.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`django-overlap\[(\w+)\]`", page)) - {"celery"}
    assert listed == set(EXTRAS) - NO_CLIENTS == set(CLIENTS)
    assert set(CALLS) == set(CLIENTS)


@pytest.mark.parametrize("client", CALLS)
def test_a_call_is_a_span_below_the_view(play, client):
    """One span a call, whatever else is instrumented, and none of our own exports."""
    sink = play(client)
    view = sink.one("view")
    calls = [span for span in sink.spans if span.parent_id == view.span_id]
    assert {span.name.removesuffix(" postgres") for span in calls} == CALLS[client][2]
    assert {span.trace_id for span in sink.spans} == {view.trace_id}
    assert len({span.name for span in calls}) == len(calls), sink.names()


@pytest.mark.parametrize("client", ["redis", "requests"])
def test_what_is_disabled_is_not_traced(play, client):
    """By the name of its entry point, one of several."""
    sink = play(client, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=f"urllib3, {client}")
    assert sink.names() == {"view": 1}


def test_what_the_project_switched_on_makes_no_second_span(play):
    """Its own call of an instrumentor, before ours, with its options."""
    own = """
from opentelemetry.instrumentation.redis import RedisInstrumentor
RedisInstrumentor().instrument(
    request_hook=lambda span, *_: span.set_attribute("mine", True)
)
"""
    sink = play("redis", before=own)
    assert sink.names() == {"view": 1, "SET": 1, "GET": 1}
    assert sink.one("SET").attributes["mine"] is True


@pytest.mark.parametrize("client", POOLS)
def test_a_wait_for_the_clients_own_pool_is_a_span(play, client):
    """Its kind and the line of the user's that waited, while the other call had the connection."""
    sink = play(client, calls=POOLS)
    wait = sink.one("connection_pool.wait")
    # aiohttp and redis wait within the call, which has a span of its own.
    view = sink.one("calls").span_id
    calls = [span.span_id for span in sink.spans if span.parent_id == view]
    assert wait.parent_id in {view, *calls} - {wait.span_id}
    assert wait.attributes["overlap.wait.kind"] == "connection_pool"
    assert wait.attributes["overlap.wait.pool"] == POOLS[client][2]
    assert wait.attributes["code.function.name"] == "call.<locals>.use"
    assert (wait.end - wait.start) / 1e9 > 0.05


def test_asyncpgs_pool_is_measured_while_a_call_waits(play):
    """Used, idle, waiting and at most, as the pool itself says, by the name of its database."""
    sink = play("asyncpg", calls=FIGURES)
    name = "db.client.connection"
    where, _ = sink.points(f"{name}.max")[0]
    assert re.fullmatch(r"127\.0\.0\.1:\d+/postgres", where[f"{name}.pool.name"])
    used = [
        point.as_int
        for where, point in sink.points(f"{name}.count")
        if where[f"{name}.state"] == "used"
    ]
    assert max(used) == 2
    assert max(point.as_int for _, point in sink.points(f"{name}.pending_requests")) == 1


def test_httpx2_is_traced_and_its_failed_calls_are_measured(play):
    """It needs no extra: what traces httpx traces its fork."""
    sink = play("httpx2")
    view = sink.one("view")
    calls = [span for span in sink.spans if span.name == "GET"]
    assert [span.parent_id for span in calls] == [view.span_id] * 3
    measured = sink.points("http.client.request.duration")
    assert "ConnectError" in {where.get("error.type") for where, _ in measured}
    assert sum(point.count for _, point in measured) == len(calls)
    off = play("httpx2", OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="httpx2")
    assert off.names() == {"view": 1}


STRUCTLOGS = """
from opentelemetry.instrumentation.structlog import StructlogInstrumentor
"""
EXPORTS = """
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
provider = LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor({exporter}))
StructlogInstrumentor().instrument(logger_provider=provider)
"""


@pytest.mark.parametrize(
    "project",
    [
        "StructlogInstrumentor().instrument()",
        "overlap.instrument(service_name='web'); StructlogInstrumentor().instrument()",
        EXPORTS.format(exporter="OTLPLogExporter()"),
        EXPORTS.format(exporter="InMemoryLogRecordExporter()"),
    ],
    ids=["before ours", "after ours", "by a provider of its own", "to somewhere else"],
)
def test_an_event_is_one_record_beside_opentelemetrys_structlog(play, project):
    """OpenTelemetry's own processor may send it, to us or to others: we receive it once."""
    sink = play("structlog", before=STRUCTLOGS + project)
    assert [record.body for record in sink.logs] == ["served"]
    assert [name for name, _ in sink.one("view").events] == ["served"]
    assert sink.logs[0].trace_id == sink.one("view").trace_id
