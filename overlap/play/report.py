"""The report on the terminal: one scenario, the summary of all, and the list of scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from overlap.draw import clean, duration, picture
from overlap.judge import SHAPES, Verdict
from overlap.judge.summary import advised, by_gain, sentence
from overlap.play.prediction import Prediction, predictions
from overlap.play.result import Result, expected
from overlap.scenario import Scenario

GOOD, BAD, QUIET, HEAD, ADVICE = "green", "red", "bright_black", "bold", "cyan"
SENTENCE = 1600
"""The most characters of a line."""
WIDE = 130
"""From this width on, the summary shows a scenario and its URL on one line."""


class Report:
    """Prints text and pictures to one console, in characters that it can show."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def scenario(self, result: Result) -> None:
        """Print one scenario: its title, its picture, what it shows, why, and where to look."""
        scenario = result.scenario
        self._print(
            Text.assemble(
                "\n",
                self._mark(result.ok),
                " ",
                self._text(scenario.title, HEAD),
                "  ",
                self._text(scenario.name, QUIET),
                "\n",
            ),
            picture(result.trace, result.verdict),
            Text(),
            self._text(sentence(result.verdict), HEAD),
            self._text(scenario.why),
            *(self._text(f"why: {reason.text}", QUIET) for reason in result.verdict.why),
            *(self._text(words, ADVICE) for words in _advice(result.verdict)),
            *(self._text(f"repaired: {words}", QUIET) for words in result.verdict.warnings),
            *(
                Text.assemble(self._mark(False), " ", self._text(words, BAD))
                for words in result.problems
            ),
            *([self._text(f"view in {scenario.source}", QUIET)] if scenario.source else []),
            Text(result.url, overflow="fold"),
        )

    def summary(self, results: Sequence[Result], skipped: Mapping[str, str] | None = None) -> None:
        """Print the table of all scenarios: expected, seen, URL; then those skipped, and why."""
        wide = self._console.width >= WIDE
        table = Table(box=None, pad_edge=False, header_style=QUIET)
        for heading in ("", "scenario", "expected", "seen", *(["trace"] if wide else [])):
            table.add_column(heading, overflow="fold")
        for result in results:
            row = (
                self._mark(result.ok),
                self._text(result.scenario.name, HEAD),
                self._text(_shapes(result.scenario.expect.shapes)),
                self._text(_shapes(result.verdict.shapes)),
            )
            table.add_row(*row, *([Text(result.url)] if wide else []))
        self._print(Text(), table, Text())
        if not wide:  # a URL that is broken in two can't be clicked
            for result in results:
                self._print(self._text(result.scenario.name, QUIET), Text(f"  {result.url}"))
        for name, why in (skipped or {}).items():
            self._print(self._text(f"skipped {name}: {why}", "yellow"))
        self._predictions(predictions(results))
        good = sum(result.ok for result in results)
        count = f"{good} of {len(results)} scenarios showed what they expect"
        self._print(self._text(count, HEAD if good == len(results) else BAD))

    def _predictions(self, found: Sequence[Prediction]) -> None:
        """Print what was advised, what it should gain, and what the pair measured."""
        if not found:
            return
        table = Table(box=None, pad_edge=False, header_style=QUIET)
        table.add_column("advice", overflow="fold")
        table.add_column("pair", overflow="fold")
        for heading in ("today", "predicted", "measured"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("")
        for each in found:
            of = "" if each.what == "request" else " (neighbours wait less)"
            table.add_row(
                self._text(f"{each.scenario}: {', '.join(each.changes)}{of}"),
                self._text(each.pair),
                *(
                    Text(duration(ms))
                    for ms in (each.today_ms, each.predicted_ms, each.measured_ms)
                ),
                self._mark(each.holds),
            )
        self._print(Text(), table, Text())

    def scenarios(self, scenarios: Sequence[Scenario]) -> None:
        """Print the list of scenarios."""
        table = Table(box=None, pad_edge=False, header_style=QUIET)
        for heading in ("name", "title", "requests", "pair"):
            table.add_column(heading)
        for scenario in scenarios:
            table.add_row(
                self._text(scenario.name, HEAD),
                self._text(scenario.title),
                self._text("\n".join(_routes(scenario))),
                self._text(scenario.pair or "", QUIET),
            )
        self._print(table)

    def _text(self, words: str, style: str = "") -> Text:
        return Text(
            "\n".join(
                # A sentence is longer than a name, and its end matters as much.
                clean(line, encoding=self._console.encoding, longest=SENTENCE)
                for line in words.split("\n")
                if line
            ),
            style,
        )

    def _mark(self, ok: bool) -> Text:
        good, bad = ("ok", "FAILED") if self._console.options.ascii_only else ("✓", "✗")
        return Text(good if ok else bad, f"bold {GOOD if ok else BAD}")

    def _print(self, *what: RenderableType) -> None:
        self._console.print(Group(*what))


def scenarios_as_dict(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Return the list of scenarios as plain data."""
    return {
        "scenarios": [
            {
                "name": scenario.name,
                "title": scenario.title,
                "why": scenario.why,
                "routes": list(_routes(scenario)),
                "pair": scenario.pair,
                "source": scenario.source,
                "expected": expected(scenario.expect),
            }
            for scenario in scenarios
        ]
    }


def _advice(verdict: Verdict) -> Iterator[str]:
    """Yield each piece of advice, with its grade if it has one."""
    for item, words in zip(by_gain(verdict), advised(verdict), strict=True):
        grade = f" ({item.evidence})" if item.evidence else ""
        yield f"advice{grade}: {words}"


def _routes(scenario: Scenario) -> Iterator[str]:
    """Yield each different request once, `GET /`, in the order of first use."""
    counts: dict[str, int] = {}
    for request in scenario.requests:
        asked = f"{request.method} {request.path}"
        counts[asked] = counts.get(asked, 0) + 1
    for asked, count in counts.items():
        yield asked if count == 1 else f"{asked} ×{count}"


def _shapes(shapes: Sequence[str] | frozenset[str]) -> str:
    known = [shape for shape in SHAPES if shape in shapes]
    return ", ".join((*known, *sorted(set(shapes) - set(SHAPES)))) or "-"
