"""The script that takes the pictures fits the code it draws with."""

from app.scenarios import SCENARIOS
from docs import pictures
from overlap.judge import verdict
from overlap.play import Result
from overlap.trace import Span, Trace


def test_a_terminals_picture_has_what_play_prints():
    """As SVG, with the spans' names in it."""
    trace = Trace("t", (Span("t", "a", "GET /", 0, 9_000_000, kind="server"),))
    svg = pictures.terminal([Result(SCENARIOS[0], "t", "http://x/", verdict(trace), trace, [])])
    assert svg.startswith("<svg")
    assert "GET&#160;/" in svg


def test_every_scenario_that_it_plays_exists(root):
    """By the names of today, and each picture that it takes is one that is committed."""
    names = {each.name for each in SCENARIOS}
    played = {name for picture in pictures.TERMINAL.values() for name in picture}
    assert played | set(pictures.LESSONS.values()) | {pictures.TRACE} <= names
    taken = {*pictures.TERMINAL, *pictures.LESSONS, "trace", "routes", "survey"}
    assert all((root / "docs" / "pictures" / f"{name}.png").is_file() for name in taken)
