"""Which task waited for which, on real servers, from request to verdict (see lens.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlap import verdict
from overlap.trace import read

WAITING = Path(__file__).parent / "site" / "smokesite" / "waiting.py"


@pytest.fixture
def judged(server, sink, wait_until):
    """A function that requests a path and returns the verdict on its trace."""

    def judge(path):
        server.get(path)
        sink.one(f"GET {path}")
        traces = read(sink.everybody.spans_as_sent)
        (trace,) = [trace for trace in traces if trace.trace_id == sink.trace_id]
        return verdict(trace.spans)

    return judge


def line_of(comment):
    """Return the number of the line of waiting.py that ends with a comment."""
    lines = WAITING.read_text("utf-8").splitlines()
    (found,) = [n for n, line in enumerate(lines, 1) if line.endswith(f"# {comment}")]
    return found


def path_of(found):
    """The spans on the critical path, without its begin and end, and what is short."""
    return [each.span for each in found.critical_path[1:-1] if each.ms >= 20]


@pytest.mark.parametrize("server", ["asyncio", "uvloop", "hypercorn"], indirect=True)
def test_the_path_follows_the_task_that_was_awaited(judged, sink):
    """jaeger-ui #2371: foo3 waited for foo1 and for the pause of its own task, not for foo2."""
    found = judged("/waiting/pause/")
    assert path_of(found) == ["foo1", "GET /waiting/pause/", "foo3"]
    assert found.evidence == "recorded"
    (group,) = [group for group in found.groups if "foo1" in group.critical_path]
    assert (group.critical_path, group.evidence) == (["foo1", "foo3"], "recorded")
    edges = sink.one("GET /waiting/pause/").attributes["overlap.await.edges"].splitlines()
    foo3 = sink.one("foo3").attributes["overlap.await.task"]
    place = f"smokesite/waiting.py:{line_of('the gather')} in pause"
    assert [edge for edge in edges if edge.endswith(f" gather {foo3} {place}")], edges
    assert foo3 == sink.one("foo1").attributes["overlap.await.task"]
    assert foo3 != sink.one("foo2").attributes["overlap.await.task"]


@pytest.mark.parametrize("server", ["asyncio", "uvloop"], indirect=True)
def test_the_path_leaves_out_what_nobody_waited_for(judged):
    """A task that ended shortly before the response, by times alone, would be all of its path."""
    found = judged("/waiting/later/")
    assert path_of(found) == ["stock", "price"]
    (last,) = found.critical_path[-1:]
    assert (last.span, last.ms > 45) == ("GET /waiting/later/", True)
    assert found.evidence == "recorded"
