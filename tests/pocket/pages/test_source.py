"""Where the code of the app is at hand, a trace's page shows the change as a diff."""

from __future__ import annotations

import asyncio
from html import unescape

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette

from overlap.config import Config, load
from overlap.errors import OverlapError
from overlap.pocket.pages import contents, handlers
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.span_batch import take_apart
from overlap.pocket.storage.store import Store

VIEW = """\
import asyncio


async def view(request):
    a = await one("<script>")
    b = await two("</pre><b>")
    return a, b
"""
TRACE = bytes(range(16))
AT = 1_800_000_000_000_000_000
MS = 10**6


def spans():
    """What is sent for a request with two calls in a row; it names the file of its view."""
    request = ExportTraceServiceRequest()
    found = request.resource_spans.add().scope_spans.add().spans
    rows = (("GET /", 0, 200, 0), ("one", 0, 100, 1), ("two", 100, 200, 1))
    for number, (name, start, end, parent) in enumerate(rows, 1):
        span = found.add(
            trace_id=TRACE,
            span_id=number.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"",
            name=name,
            kind=1 if parent else 2,
            start_time_unix_nano=AT + start * MS,
            end_time_unix_nano=AT + end * MS,
        )
        if not parent:
            span.attributes.add(key="code.file.path").value.string_value = "shop/views.py"
            span.attributes.add(key="code.line.number").value.int_value = 4
            span.attributes.add(key="code.function.name").value.string_value = "view"
    return request


def page(config):
    """Return the page of that trace, as text."""

    async def get():
        store = Store()
        store.add(take_apart(spans(), store.origins))
        found = contents.Contents(store, Telemetry(), config, otlp_url="", page_url="")
        transport = httpx.ASGITransport(Starlette(routes=handlers.routes(found)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get(f"/trace/{TRACE.hex()}")).text

    return asyncio.run(get())


@pytest.fixture
def source(tmp_path):
    """The folder of the app's code."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text(VIEW, "utf-8")
    return tmp_path


def test_the_change_is_shown_as_a_diff_of_the_file(source):
    """With its grade; what the file holds is text there, and nothing is written to it."""
    text = page(Config(source_dir=str(source)))
    assert "(proven)" in text
    diff = text.partition('<pre class="diff">')[2].partition("</pre>")[0]
    assert "<script>" not in diff
    assert "<b>" not in diff
    lines = unescape(diff)
    assert '<span class="removed">-    a = await one("<script>")' in lines
    assert (
        '<span class="added">+    a, b = await asyncio.gather(one("<script>"), two("</pre><b>"))'
        in lines
    )
    assert (source / "shop" / "views.py").read_text("utf-8") == VIEW


@pytest.mark.parametrize("folder", ["", "elsewhere"])
def test_without_the_source_it_is_possible(source, folder):
    """No folder is named, or the file is not in it: a file outside is never read."""
    (source / "elsewhere").mkdir()
    text = page(Config(source_dir=str(source / folder) if folder else ""))
    assert "(possible)" in text
    assert 'class="diff"' not in text


def test_the_folder_is_set_by_the_environment_or_the_project(tmp_path):
    """The environment counts before pyproject.toml; a folder that is none is one sentence."""
    (tmp_path / "pyproject.toml").write_text('[tool.overlap]\nsource_dir = "src"\n', "utf-8")
    assert load(tmp_path, {}).source_dir == "src"
    assert load(tmp_path, {"OVERLAP_SOURCE_DIR": str(tmp_path)}).source == tmp_path
    assert Config().source is None
    with pytest.raises(OverlapError, match="is no folder"):
        _ = Config(source_dir=str(tmp_path / "gone")).source
