"""The page "stock and ours": side by side, and the one that is committed is the one described."""

import re

import pytest

from overlap.bench.report.stock_and_ours import CASES, WIDTH, Side, block
from overlap.trace import Span, Trace

MS = 1_000_000


def side(name, end_ms, *, traces=1):
    spans = [
        Span(f"{n:032x}", f"{n:016x}", name, 0, end_ms * MS, kind="server")
        for n in range(1, traces + 1)
    ]
    return Side(100.0, 0, [Trace(span.trace_id, (span,)) for span in spans])


def test_two_traces_stand_beside_each_other():
    """Stock's on the left, ours on the right, a rule between them in one column."""
    text = block(CASES[0], side("GET", 5), side("GET /", 95))
    assert "| server span | `GET`, 5 ms of the request's 100 ms | `GET /`, 95 ms" in text
    drawn = text.split("```text\n")[1].split("\n```")[0].split("\n")
    assert {line.index("│") for line in drawn} == {WIDTH + 1}
    bars = next(line for line in drawn if "█" in line)
    assert bars.split()[0] == "GET▸"  # it is on the critical path
    assert "GET /" in bars.split("│")[1]


def test_a_trace_that_never_came_is_said():
    """No span at all is a finding, not a crash."""
    text = block(CASES[4], Side(200.0, 1, []), side("GET /patience/", 200))
    assert "none for the request's 200 ms" in text
    assert "no span arrived" in text


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: asked.path)
def test_the_committed_page_shows_each_request(root, asked):
    """Written by `make stock-and-ours`, and not stale."""
    text = (root / "docs" / "explanation" / "stock-and-ours.md").read_text(encoding="utf-8")
    section = text.split(f"## {asked.title}\n")[1].split("\n## ")[0]
    assert f"`GET {asked.path}`: {asked.says} {asked.see}" in section
    ours = re.search(r"\| server span \| .* \| (.*) \|", section)
    assert ours is not None
    assert ours[1].startswith(f"`GET {asked.path}`")
