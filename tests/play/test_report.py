import io
from dataclasses import replace

import pytest
from rich.console import Console

from overlap.judge import verdict
from overlap.play import Result
from overlap.play.report import Report
from overlap.play.result import expected
from overlap.scenario import Expectation, Request, Scenario
from overlap.trace import Span, Trace

SPANS = (
    Span("t", "a", "[b]view[/b]\x1b[2J", 0, 9_000_000, kind="server"),
    Span("t", "b", "one", 0, 8_000_000, "a"),
    Span("t", "c", "zwei drei für vier", 1, 8_000_000, "a"),
)
SCENARIO = Scenario(
    name="both",
    title="Für [bold]beide[/bold]",
    why="Because.",
    requests=(Request("/"),),
    expect=Expectation(shapes=frozenset({"concurrent"})),
)


def result(*problems: str) -> Result:
    trace = Trace("t", SPANS)
    url = "http://127.0.0.1:16686/trace/" + "f" * 32
    return Result(SCENARIO, "t", url, verdict(trace), trace, list(problems))


def told(
    *results: Result, width: int = 80, encoding: str = "utf-8", colour: str | None = None
) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    console = Console(
        file=file,
        width=width,
        color_system=colour,
        force_terminal=colour is not None,
        highlight=False,
        _environ={},
    )
    report = Report(console)
    for each in results:
        report.scenario(each)
    report.summary(results)
    file.seek(0)
    return file.read()


def test_a_scenario_is_title_picture_sentence_reason_and_url():
    """In this order; markup in names and titles is text."""
    text = told(result("it rained"))
    parts = [
        "✗ Für [bold]beide[/bold]  both",
        "[b]view[/b]",
        "∥ concurrent",
        "concurrent: ",
        "Because.",
        "✗ it rained",
        "http://127.0.0.1:16686/trace/" + "f" * 32,
        "0 of 1 scenarios showed what they expect",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 80, 130, 200])
def test_a_url_is_never_broken_in_two(width):
    """It could not be clicked."""
    text = told(result(), width=width)
    url = "http://127.0.0.1:16686/trace/" + "f" * 32
    assert sum(url in line for line in text.splitlines()) == (2 if width > len(url) else 0)


def test_a_terminal_without_unicode_gets_ascii():
    """Nothing that it can't encode is sent to it."""
    text = told(result(), encoding="ascii")
    assert text.isascii()
    assert "ok F?r [bold]beide[/bold]" in text
    assert "####" in text


def test_what_is_expected_holds_only_what_is_asked_for():
    """An empty field asks for nothing; no victims at all is something asked for."""
    assert expected(Expectation()) == {}
    assert expected(Expectation(victims=(), culprit="x")) == {"victims": [], "culprit": "x"}


def test_advice_is_printed_and_stands_beside_what_the_pair_measured():
    """With its condition; in the summary predicted and measured, and whether it came true."""

    def took(name: str, pair: str, *ends: tuple[int, int]) -> Result:
        spans = [Span("t", "a", "GET /", 0, max(end for _, end in ends), kind="server")]
        spans += [Span("t", f"s{n}", f"step{n}", *time, "a") for n, time in enumerate(ends)]
        trace = Trace("t", tuple(spans))
        scenario = replace(SCENARIO, name=name, pair=pair)
        return Result(scenario, "t", "http://x", verdict(trace), trace)

    second = 1_000_000_000
    text = told(
        took("row", "atonce", (0, second), (second, 3 * second)),
        took("atonce", "row", (0, second), (0, 3 * second)),
        width=120,
    )
    assert (
        "advice (possible): gather step0 and step1: the response takes 2.0 s instead of 3.0 s, if "
        in text
    )
    [line] = [line for line in text.splitlines() if line.startswith("row: gather")]
    assert line.split() == ["row:", "gather", "atonce", "3.00", "s", "2.00", "s", "3.00", "s", "✗"]


def test_advice_has_its_grade():
    """Calls in a row: nothing shows that the second needs nothing of the first."""
    spans = (
        Span("t", "a", "GET /", 0, 200_000_000, kind="server"),
        Span("t", "b", "one", 0, 100_000_000, "a"),
        Span("t", "c", "two", 100_000_000, 200_000_000, "a"),
    )
    trace = Trace("t", spans)
    text = told(replace(result(), verdict=verdict(trace), trace=trace), width=200)
    assert "advice (possible): gather one and two: the response takes 100 ms" in text
