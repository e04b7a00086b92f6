"""What variants leave out, seen in what their servers send."""

import time

import httpx
import pytest

from overlap import names
from overlap.bench import VARIANTS
from overlap.bench.server.process import Server, running_sink
from overlap.bench.server.sink import TRACES
from overlap.trace import read

pytestmark = pytest.mark.slow
WITHIN_S = 20.0


def server_span(variant, folder):
    """Return the span of one request to a variant's server, as the sink received it."""
    with running_sink("--keep") as sink:
        with Server(VARIANTS[variant], sink, folder) as server:
            assert httpx.get(f"{server.url}/second/", trust_env=False).status_code == 200
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for trace in read(httpx.get(sink + TRACES, trust_env=False).content):
                for span in trace.spans:
                    if span.attributes.get(names.HTTP_ROUTE) == "/second/":
                        return span
            time.sleep(0.05)
    raise AssertionError("the request's span was not received")


@pytest.mark.parametrize("variant", ["overlap-no-awaits", "overlap-default-no-awaits"])
def test_without_the_await_record_the_lens_still_measures(variant, tmp_path):
    """Only the attributes of who waited for whom are missing, so the pair prices just these."""
    span = server_span(variant, tmp_path)
    assert names.LOOP_RUNNING_MS in span.attributes
    assert names.AWAIT_TASK not in span.attributes
    assert names.AWAIT_EDGES not in span.attributes


def test_the_variant_beside_them_has_the_await_record(tmp_path):
    """The first of the pair, at the lens's default rate."""
    assert server_span("overlap", tmp_path).attributes[names.AWAIT_TASK] > 0
