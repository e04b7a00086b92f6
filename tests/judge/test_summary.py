"""A verdict in one sentence."""

import pytest

from overlap.judge import Background, Blocked, Group, Offloaded, SelfTime, Verdict
from overlap.judge.summary import clean, duration, listing, sentence


def group(*stages: list[str], factor: float = 1.0) -> Group:
    """A group of these stages."""
    shape = "concurrent" if any(len(stage) > 1 for stage in stages) else "serial"
    return Group("p", "1", list(stages), factor, 1, 3000.0, 4000.0, [], shape=shape)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (
            Verdict(
                "t", ["concurrent"], [group(["get_flavor", "get_smokables"], ["smoke"], factor=1.5)]
            ),
            "concurrent: get_flavor and get_smokables ran at once, "
            "1.50 times the work in the same time; then smoke.",
        ),
        (
            Verdict("t", ["serial"], [group(["a"], ["b"], ["b"])]),
            "serial: a and 2 x b ran one after another, in 3.0 s.",
        ),
        (
            Verdict(
                "t", ["blocking"], blocked=[Blocked(5000, "app/v.py:14 in oversmoke", ["a"] * 3)]
            ),
            "blocking: the event loop was blocked for 5.0 s at app/v.py:14 in oversmoke; "
            "3 requests waited.",
        ),
        (
            Verdict("t", ["blocking"], blocked=[Blocked(900, "x", ["a"]), Blocked(200, "y", [])]),
            "blocking: the event loop was blocked 2 times, 1.1 s in all, longest at x; "
            "requests waited 1 time.",
        ),
        (
            Verdict(
                "t",
                ["background", "offloaded"],
                background=[Background("call", 5000.0), Background("nap", 20.0)],
                offloaded=[Offloaded("call", "asyncio_0")],
            ),
            "background, offloaded: call continued for 5.0 s after the response, and so did "
            "1 more span; call ran in thread asyncio_0, not on the thread of its parent.",
        ),
        (Verdict("t", ["lost"], lost=["a"]), "lost: 1 background task was lost: a."),
        (
            Verdict("t", ["single"]),
            "single: nothing ran at once, one after another or after the response.",
        ),
    ],
)
def test_each_shape_has_its_sentence(verdict: Verdict, said: str) -> None:
    """What a lesson shows is said with its names and figures."""
    assert sentence(verdict) == said


def test_single_is_said_of_the_spans_alone_where_much_has_none() -> None:
    """Where no span is, something may have run at once all the same."""
    own = [SelfTime("GET /", "1", "web", 757.0, 1.0)]
    assert sentence(Verdict("t", ["single"], self_time=own, uncovered_ms=757.0)) == (
        "single: no spans ran at once, one after another or after the response; "
        "757 ms of 757 ms have no span."
    )
    covered = Verdict("t", ["single"], self_time=own, uncovered_ms=100.0)
    assert "nothing ran at once" in sentence(covered)


def test_what_ran_before_the_first_overlap_is_said_after_it() -> None:
    """The overlap comes first, then what led up to it and what followed."""
    said = sentence(Verdict("t", ["concurrent"], [group(["a"], ["b", "c"], factor=2.0)]))
    assert "b and c ran at once after a, 2.00 times" in said


def test_names_can_neither_move_the_cursor_nor_fill_the_screen() -> None:
    """Control and direction characters become question marks; long names and lists are cut."""
    assert clean("a\x1b[2J\u202e\ud800b\n") == "a?[2J??b?"
    assert clean("") == "(no name)"
    assert len(clean("x" * 10_000)) == 120
    assert listing([f"n{i}" for i in range(100)]) == "n0, n1, n2, n3 and 96 more"
    assert [duration(ms) for ms in (0.04, 9.94, 42, 1234)] == ["0.0 ms", "9.9 ms", "42 ms", "1.2 s"]
