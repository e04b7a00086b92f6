"""The verdict at the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from overlap.judge import Advice, Background, Group, Verdict
from overlap.judge.model import SelfTime
from overlap.judge.report import report

EVIL = "\x1b]0;owned\x07\x1b[2J[bold]x\u202e\r\n"


def shown(verdict: Verdict) -> str:
    """Return the report as a terminal of 120 columns shows it."""
    console = Console(file=io.StringIO(), width=120, _environ={}, markup=False)
    console.print(report(verdict))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def group(parent: str, wall_ms: float, *stages: list[str]) -> Group:
    """Return a group with these stages."""
    return Group(parent, parent, [*stages], 1.0, 1, wall_ms, wall_ms, stages[0])


def test_groups_are_ordered_by_time_and_those_of_one_are_last() -> None:
    """The reader's first row is what took longest among siblings."""
    groups = [
        group("only", 900, ["a"]), group("short", 10, ["a"], ["b"]), group("long", 500, ["a", "b"])
    ]  # fmt: skip
    text = shown(Verdict("t", ["serial"], groups=groups))
    places = [text.index(f"\n{name} ") for name in ("long", "short", "only")]
    assert places == sorted(places)


def test_equal_findings_are_counted() -> None:
    """A thousand tasks that outlived their response alike are one line; what is cut is counted."""
    same = [Background("tick", 5.0)] * 1000
    other = [Background(f"job {n}", 5.0) for n in range(25)]
    text = shown(Verdict("t", ["background"], background=[*same, *other]))
    assert text.count("1000 x tick ended 5.0 ms after its response") == 1
    assert "and 6 more" in text
    assert text.count("background ") <= 23


def test_the_first_self_times_are_listed() -> None:
    """Five of them; a path of one span says nothing more than its duration."""
    own = [SelfTime(f"step {n}", "s", "web", 100 - n, (100 - n) / 1000) for n in range(8)]
    text = shown(Verdict("t", ["serial"], self_time=own))
    assert "self-time  step 0 100 ms, 10% of the critical path" in text
    assert text.count("self-time") == 5
    assert "self-time" not in shown(Verdict("t", ["single"], self_time=own[:1]))


def advice(text: str, saves_ms: float = 5.0, others_ms: float = 0.0) -> Advice:
    """Return advice with this sentence."""
    times = (10.0, 10.0 - saves_ms, saves_ms, others_ms)
    return Advice("gather", "", "GET /", "1", [], *times, "if so", text)


def test_advice_is_listed_with_its_condition_what_saves_most_first() -> None:
    """In the order of the gain for the request, then for the others, however it was given."""
    given = [
        advice("small, if a", 1.0),
        advice("nothing", 0.0),
        advice("others", 0.0, 9.0),
        advice("large, if b", 8.0),
    ]
    text = shown(Verdict("t", ["serial"], advice=given))
    lines = [line.rstrip() for line in text.splitlines() if line.startswith("advice")]
    sentences = ("large, if b", "small, if a", "others", "nothing")
    assert lines == [f"advice     {sentence}" for sentence in sentences]
    assert "advice" not in shown(Verdict("t", ["serial"]))


def test_only_printable_text_reaches_the_terminal() -> None:
    """Whatever a name holds, wherever it is shown."""
    verdict = Verdict(
        "t",
        ["background"],
        groups=[group(EVIL, 5, [EVIL, EVIL])],
        background=[Background(EVIL, 5.0)],
        lost=[EVIL],
        cancelled=[EVIL],
        self_time=[SelfTime(EVIL, "s", EVIL, 5.0, 0.5)] * 2,
        advice=[advice(EVIL)],
        warnings=["plain"],
    )
    text = shown(verdict)
    assert "[bold]x" in text
    assert all(char.isprintable() for line in text.split("\n") for char in line)
