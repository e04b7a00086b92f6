"""What Jaeger's store refuses is refused by Jaeger, too: the collector then sends it again."""

import secrets
import time

import httpx
import pytest

from otel.native.stack import Ports, Stack
from tests.doctor.answers import free_port


class RefusingStack(Stack):
    """A Jaeger with the repository's pipeline, whose store is another server's, which is away."""

    def command(self, name):
        store = "extensions::jaeger_storage::backends::refusing"
        address = f"{{endpoint: '127.0.0.1:{free_port()}', tls: {{insecure: true}}}}"
        return [
            *super().command(name),
            f"--config=yaml:{store}: {{grpc: {address}}}",
            "--config=yaml:exporters::jaeger_storage_exporter::trace_storage: refusing",
        ]


@pytest.fixture
def refusing(tmp_path):
    """Where that Jaeger receives OTLP over HTTP."""
    with RefusingStack(tmp_path, Ports.free()) as stack:
        stack.start("jaeger")
        stack.wait("jaeger")
        yield stack.url("jaeger_otlp")


def test_a_batch_that_can_not_be_stored_is_not_accepted(refusing):
    """A success would end the collector's copy, and there is no other."""
    now = time.time_ns()
    span = {
        "traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": "refused",
        "kind": 1, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1),
    }  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = httpx.post(f"{refusing}/v1/traces", json=body, trust_env=False, timeout=30)
    assert answer.status_code == 503, answer.text
