"""How sure the advice to gather is: proven by source, seen in other traces, or possible."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest
from msgspec.structs import replace

from overlap import names, verdict
from overlap.proof import graded
from overlap.testing.recorded_trace import Seen
from overlap.trace import Span, Trace

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
HTTP = {"http.request.method": "GET"}
VIEW = {
    names.CODE_FILE_PATH: "app/views.py",
    names.CODE_LINE_NUMBER: 5,
    names.CODE_FUNCTION_NAME: "view",
}
PROVEN = """
    a = await one()
    b = await two()
"""


def trace(
    times=((0, 100), (100, 200)),
    called=("one", "two"),
    trace_id="t",
    line=5,
    path="app/views.py",
    **of_calls,
):
    """A request with two calls in a row, or at other times, of the view at a line."""
    view = VIEW | {names.CODE_LINE_NUMBER: line, names.CODE_FILE_PATH: path}
    spans = [Span(trace_id, "0", "GET /", T0, T0 + 200 * MS, kind="server", attributes=view)]
    spans += [
        Span(trace_id, str(n), name, T0 + start * MS, T0 + end * MS, "0", **of_calls)
        for n, (name, (start, end)) in enumerate(zip(called, times, strict=True), start=1)
    ]
    return Trace(trace_id, tuple(spans))


@pytest.fixture
def source(tmp_path):
    """A function that writes the body of the view; it returns the folder."""

    def write(body, before="import asyncio", arguments="request"):
        (tmp_path / "app").mkdir(exist_ok=True)
        text = f"{before}\n\n\n\nasync def view({arguments}):{body.rstrip()}\n    return a, b\n"
        (tmp_path / "app" / "views.py").write_text(text, "utf-8")
        return tmp_path

    return write


def grade(of, folder=None, others=()):
    """Return the graded advice on a trace."""
    return graded(verdict(of).advice, of, [of, *others], folder)


def test_calls_that_use_nothing_of_each_other_are_proven(source):
    """The condition is met, and the diff is what to do; it is not done."""
    folder = source(PROVEN)
    before = (folder / "app" / "views.py").read_text("utf-8")
    (item,) = grade(trace(), folder)
    assert (item.evidence, item.condition) == ("proven", "")
    assert item.text == (
        "gather one and two: the response takes 100 ms instead of 200 ms "
        "(proven: in app/views.py:6 none uses another's result)"
    )
    assert item.diff == dedent(
        """\
        --- a/app/views.py
        +++ b/app/views.py
        @@ -4,5 +4,4 @@
        |
         async def view(request):
        -    a = await one()
        -    b = await two()
        +    a, b = await asyncio.gather(one(), two())
             return a, b
        """
    ).replace("|\n", " \n")
    assert (folder / "app" / "views.py").read_text("utf-8") == before


@pytest.mark.parametrize(
    "body",
    [
        "\n    a = await one()\n    b = await two(a)\n",
        "\n    a = await one()\n    b = await two(a.id)\n",
        "\n    a = await one()\n    key = a.id\n    b = await two(key)\n",
        "\n    a = await one()\n    if not a:\n        return None\n    b = await two()\n",
        "\n    a = await one()\n    raise ValueError\n    b = await two()\n",
        "\n    keys = []\n    a = await one(keys)\n    b = await two(keys)\n",
        "\n    keys = []\n    a = await one()\n    keys.append(1)\n    b = await two(keys[0])\n",
        "\n    self.x = await one()\n    b = await two(self.x)\n",
        "\n    a = await session.one()\n    b = await session.two()\n",
        "\n    a = await one(b)\n    b = await two()\n",
        "\n    a = await one()\n    a = await two()\n    b = a\n",
        "\n    a = await one()\n    b = await two((a := 1))\n",
        "\n    a = await one(box)\n    b = await box.two()\n",
        "\n    for _ in x:\n        a = await one()\n    b = await two()\n",
        "\n    a = await other()\n    b = await two()\n",
    ],
)
def test_what_may_depend_is_only_possible(source, body):
    """A result that is used, control flow between them, or an object that both may change."""
    (item,) = grade(trace(), source(body, arguments="request, session, box, self, x"))
    assert (item.evidence, item.diff) == ("possible", "")
    assert item.condition == "if two does not need what one returns"


@pytest.mark.parametrize(
    "body",
    [
        PROVEN,
        "\n    a = await one(request, LIMIT)\n    b = await two(request, LIMIT)\n",
        "\n    a = await one()\n    key = request.GET['x']\n    b = await two()\n",
        "\n    await one()\n    b = await two(x=1)\n    a = 1\n",
        "\n    with log():\n        a = await api.one()\n        b = await api.two()\n",
    ],
)
def test_what_can_be_read_off_is_proven(source, body):
    """A diff is Python that gathers both."""
    (item,) = grade(trace(), source(body))
    assert item.evidence == "proven"
    (added,) = [line for line in item.diff.splitlines() if line.startswith("+ ")]
    assert "await asyncio.gather(" in added


def test_methods_of_one_client_of_http_may_run_at_once(source):
    """A session of a database may not, and looks the same: the spans say which it is."""
    body = "\n    a = await client.one('/a')\n    b = await client.two('/b')\n"
    folder = source(body, arguments="request, client")
    assert [item.evidence for item in grade(trace(), folder)] == ["possible"]
    assert [item.evidence for item in grade(trace(attributes=HTTP), folder)] == ["proven"]


def test_asyncio_is_imported_where_it_was_not(source):
    """After the docstring and what must come first."""
    before = '"""Views."""\nfrom __future__ import annotations\nimport os'
    folder = source(PROVEN, before=before)
    spans = trace().spans
    moved = replace(spans[0], attributes=VIEW | {names.CODE_LINE_NUMBER: 8})
    (item,) = grade(Trace("t", (moved, *spans[1:])), folder)
    assert " from __future__ import annotations\n+import asyncio\n import os\n" in item.diff


def test_calls_in_one_transaction_are_not_advised(source):
    """They share its connection."""
    body = "\n    async with atomic():\n        a = await one()\n        b = await two()\n"
    assert grade(trace(), source(body)) == []


def test_other_traces_show_it(source):
    """They overlapped, or came in another order; one counter-example drops that."""
    at_once = trace(((0, 100), (50, 150)), trace_id="u")
    reversed_ = trace(((100, 200), (0, 100)), trace_id="v")
    for others, text in (
        ([at_once], "in another trace the second did not wait for the first"),
        ([at_once, reversed_], "in 2 other traces the second did not wait for the first"),
    ):
        (item,) = grade(trace(), None, others)
        assert item.evidence == "seen"
        assert item.text.endswith(f"; {text}")
        assert item.condition
    failed = trace(((0, 100),), called=("one",), trace_id="w", status="error")
    for others in ([], [trace(trace_id="x")], [at_once, failed]):
        assert [item.evidence for item in grade(trace(), None, others)] == ["possible"]


@pytest.mark.parametrize(
    "place", ["../secret.py", "/etc/hostname", "app/views.py\0", "x" * 5000, ""]
)
def test_no_file_outside_of_the_folder_is_read(source, place):
    """A trace may name any file."""
    folder = source(PROVEN)
    (folder / "secret.py").write_text((folder / "app" / "views.py").read_text("utf-8"))
    (folder / "app" / "views.py").unlink()
    spans = trace().spans
    elsewhere = replace(spans[0], attributes=VIEW | {names.CODE_FILE_PATH: place})
    (item,) = grade(Trace("t", (elsewhere, *spans[1:])), folder / "app")
    assert item.evidence == "possible"


def test_source_that_is_no_python_proves_nothing(tmp_path):
    """Nor does a missing file."""
    (tmp_path / "app").mkdir()
    for text in ("async def view(:", "", "x\0"):
        (tmp_path / "app" / "views.py").write_text(text, "utf-8")
        assert [item.evidence for item in grade(trace(), tmp_path)] == ["possible"]


def test_a_recorded_trace_is_graded_with_the_source_at_hand(source, monkeypatch):
    """`traced` runs where the code is: its advice is proven, and its picture shows the diff."""
    monkeypatch.chdir(source(PROVEN))
    seen = Seen(trace())
    assert [item.evidence for item in seen.advice] == ["proven"]
    assert "+    a, b = await asyncio.gather(one(), two())" in seen.draw()


def test_the_command_shows_the_diff(source, tmp_path):
    """And as JSON; a folder that is none is one sentence."""
    from overlap.trace import read

    folder = source(PROVEN)
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(as_otlp(trace(trace_id="ab" * 16))), "utf-8")
    assert read(file.read_bytes())
    run = [sys.executable, "-m", "overlap", "advice", str(file), "--source"]
    shown = subprocess.run([*run, str(folder)], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("proven    gather one and two")
    assert "+    a, b = await asyncio.gather(one(), two())" in shown.stdout
    found = subprocess.run([*run, str(folder), "--json"], capture_output=True, check=True)
    (row,) = json.loads(found.stdout)["advice"]
    assert (row["evidence"], row["trace_id"]) == ("proven", "ab" * 16)
    wrong = subprocess.run([*run, "/nowhere"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (2, "overlap: --source '/nowhere' is no folder\n")


def as_otlp(one):
    """Return a trace as OTLP JSON."""

    def attributes(pairs):
        return [
            {"key": key, "value": {"intValue" if isinstance(value, int) else "stringValue": value}}
            for key, value in pairs.items()
        ]

    spans = [
        {
            "traceId": span.trace_id, "spanId": span.span_id.rjust(16, "a"), "name": span.name,
            "parentSpanId": span.parent_id and span.parent_id.rjust(16, "a"),
            "startTimeUnixNano": str(span.start_ns), "endTimeUnixNano": str(span.end_ns),
            "kind": 2 if span.kind == "server" else 1, "attributes": attributes(span.attributes),
        }
        for span in one.spans
    ]  # fmt: skip
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
