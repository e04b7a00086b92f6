"""Lines for a terminal hold nothing that it would obey; lines for machines are JSON."""

import json
import sys

import pytest

from overlap.telemetry.logs.renderers import renderer_processors


def line(log_format, **event):
    for processor in renderer_processors(log_format):
        event = processor(None, "info", event)
    return event


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "\u202e", "a\r\nforged line", "\u2028"])
def test_a_hostile_value_is_escaped_in_a_line_for_a_terminal(hostile):
    """A path of a request, a task's name: shown by its code, on one line."""
    shown = line("console", event="Not Found", path=f"/x{hostile}")
    assert shown.isprintable()
    assert "\\" in shown


def test_accents_within_a_list_are_escaped_too():
    """A list is shown as its repr, which leaves them; an exception is no list."""
    shown = line("console", event="Not Found", many=["z" + "\u0301" * 9], of={"ü": 1})
    assert shown.count("\u0301") == 4
    assert "ü" in shown
    try:
        raise ValueError("ü")
    except ValueError:
        assert "ValueError: ü" in line("console", event="failed", exc_info=sys.exc_info())


def test_an_event_keeps_its_line_ends_and_nothing_else():
    """A message of several lines is a project's own; an escape in it is not."""
    assert line("console", event="one\n\ttwo\x1b[31m") == "one\n\ttwo\\x1b[31m"


def test_a_traceback_is_escaped_too():
    """An exception's message may hold what somebody sent."""
    try:
        raise ValueError("bad \x1b]0;title\x07 input")
    except ValueError:
        shown = line("console", event="failed", exc_info=sys.exc_info())
    assert "\x1b" not in shown
    assert "ValueError: bad \\x1b]0;title\\x07 input\n" in shown + "\n"


def test_json_is_one_line_of_ascii():
    """Whatever a value holds."""
    shown = line("json", event="x", path="\x1b\u202e\n")
    assert shown.isascii()
    assert shown.isprintable()
    assert json.loads(shown)["path"] == "\x1b\u202e\n"
