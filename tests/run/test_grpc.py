"""A project whose own exporter sends OTLP by gRPC: pocket receives it, and the doctor knows why."""

from __future__ import annotations

import asyncio
import secrets
import socket

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from overlap.config import Config
from overlap.doctor.context import Context
from overlap.doctor.finding import Broken
from overlap.doctor.hops import collector
from overlap.run import backend
from tests.run.conftest import free_port


def environ(port, **more):
    return {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{port}",
    } | more


@pytest.fixture(scope="module")
def started():
    """A pipeline that `overlap run` opens for such a project, and its port for gRPC."""
    port = free_port()
    found = backend.open_pipeline(
        Config(), port=free_port(), otlp_port=free_port(), pocket=True, environ=environ(port)
    )
    yield found, port
    found.stop()


def test_pocket_receives_where_the_project_sends(started):
    """At the port that its own variable names; it is said."""
    pipeline, port = started
    assert pipeline.grpc == (
        f"the project's own exporter sends OTLP by gRPC to localhost:{port}: pocket receives it"
    )
    name = f"by grpc {secrets.token_hex(4)}"
    tracers = TracerProvider(resource=Resource({"service.name": "shop"}))
    exporter = OTLPSpanExporter(f"localhost:{port}", insecure=True)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    with tracers.get_tracer("test").start_as_current_span(name) as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    tracers.shutdown()
    answer = httpx.get(f"{pipeline.page_url}/api/v3/traces/{trace_id}", trust_env=False)
    assert name in answer.text


def test_the_doctor_says_that_a_receiver_takes_grpc_alone(started, monkeypatch):
    """Overlap sends OTLP/HTTP: the variable of the protocol does not change that."""
    _, port = started
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")

    async def look():
        async with httpx.AsyncClient(trust_env=False) as client:
            config = Config(otlp_endpoint=f"http://127.0.0.1:{port}")
            await collector.look(Context(config, client))

    with pytest.raises(
        Broken, match=r"does not answer OTLP/HTTP .* it may receive by gRPC"
    ) as found:
        asyncio.run(look())
    assert "4318 as a rule" in found.value.do


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, False),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
         False),
        (environ("nonsense"), False),
        (environ(1, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector.example:4317"), False),
        (environ("PORT"), True),
        (environ(1, OTEL_EXPORTER_OTLP_ENDPOINT="localhost:PORT"), True),
        (environ(1, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:PORT"), True),
        (environ(1, OTEL_EXPORTER_OTLP_ENDPOINT="http://0.0.0.0:PORT"), True),
    ],
)  # fmt: skip
def test_what_the_environment_asks_for(environ, asked):
    """gRPC, to this machine; what another machine receives is not pocket's."""
    port = free_port()
    options, said = backend._grpc({k: v.replace("PORT", str(port)) for k, v in environ.items()})
    assert options == (["--grpc-port", str(port)] if asked else [])
    assert bool(said) is asked


def test_a_collector_that_is_there_keeps_its_port():
    """Pocket starts without."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert backend._grpc(environ(taken.getsockname()[1])) == ([], "")


def test_without_grpcio_it_is_said(monkeypatch):
    """With what to install."""
    monkeypatch.setattr(backend, "is_installed", lambda: False)
    options, said = backend._grpc(environ(free_port()))
    assert options == []
    assert "which nothing receives: OTLP by gRPC needs grpcio" in said
    assert "django-overlap[otlp-grpc]" in said
