"""The waterfall: a tree of names, bars under a time axis, and a legend of what occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.style import Style
from rich.text import Text

from overlap.draw.bar_cells import Strip
from overlap.draw.glyphs import CONCURRENT, QUIET, SERIAL, SERVICES, TROUBLE, Look, look
from overlap.draw.legend import legend
from overlap.draw.rows import Row, rows
from overlap.draw.text import clean, duration, fit, ticks
from overlap.judge import Verdict
from overlap.trace import Trace
from overlap.waterfall import Bar, Outline, Waterfall, layout

DRAWN = 300
"""Rows of a picture. A trace of more spans is drawn in outline."""
COLUMNS = 60
"""Of an outline: a span that is narrower than one column of so many is folded."""
NARROWEST = 40
TAIL = 10
"""Columns for a duration and the space before it."""


def picture(trace: Trace, verdict: Verdict, *, width: int | None = None) -> RenderableType:
    """Draw the trace as a waterfall, `width` columns wide or as wide as the terminal."""
    return _Picture(_waterfall(trace, verdict), width)


def aligned(*seen: tuple[Trace, Verdict], width: int | None = None) -> list[RenderableType]:
    """Draw traces to be shown one above the other: to one scale, their bars under each other."""
    waterfalls = [_waterfall(trace, verdict) for trace, verdict in seen]
    scale = max((waterfall.total_ms for waterfall in waterfalls), default=0.0)
    waterfalls = [replace(waterfall, total_ms=scale) for waterfall in waterfalls]
    return [_Picture(waterfall, width, waterfalls) for waterfall in waterfalls]


def _waterfall(trace: Trace, verdict: Verdict) -> Waterfall:
    """Return all rows of a trace that fits; of a larger one, what matters, and folds."""
    if len(trace.spans) <= DRAWN:
        return layout(trace, verdict, limit=DRAWN)
    outline, limit = Outline(trace, verdict), DRAWN
    while True:  # the folds need rows too: fewer spans until all fit
        found = outline.overview(limit, COLUMNS)
        excess = len(found.bars) + len(found.folds) - DRAWN
        if excess <= 0 or limit <= 1:
            return found
        limit = max(1, len(found.bars) - excess)


@dataclass(frozen=True, slots=True)
class _Picture:
    waterfall: Waterfall
    width: int | None
    beside: Sequence[Waterfall] = ()
    """Those whose names must fit into the same columns."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for this console's width, colours and encoding."""
        width = max(NARROWEST, min(self.width or options.max_width, options.max_width))
        seen = look(console, options)
        left = max((_Page(other, width, seen).left for other in self.beside), default=0)
        yield from _Page(self.waterfall, width, seen, left).lines()


class _Page:
    """One picture at one width, line by line."""

    def __init__(self, waterfall: Waterfall, width: int, look: Look, left: int = 0) -> None:
        self._waterfall, self._look, self._width = waterfall, look, width
        found = rows(waterfall)
        self._rows = found[:DRAWN]
        self._cut = sum(max(1, row.more) for row in found[DRAWN:])
        services = dict.fromkeys(bar.span.service for bar in waterfall.bars)
        self._hues = {name: SERVICES[i % len(SERVICES)] for i, name in enumerate(services)}
        # One thread is named in the legend; several, each on its row.
        threads = {row.bar.thread for row in self._rows if row.bar and row.bar.offloaded}
        self._many_threads = len(threads) > 1
        self._names = [self._name(row) for row in self._rows]
        longest = max((cell_len(name) for name in self._names), default=0)
        self.left = max(left, min(longest, max(18, int(width * 0.4))))
        self._room = width - self.left - len("  ∥ ") - TAIL
        self._ticks = list(ticks(waterfall.total_ms, self._room))

    def lines(self) -> Iterator[Text]:
        if not self._rows:
            yield Text("no spans", style=self._style(QUIET))
            return
        yield from self._axis()
        for row, name in zip(self._rows, self._names, strict=True):
            yield self._line(row, name)
        if self._cut:
            yield Text(f"{self._look.ellipsis} and {self._cut:,} more rows", self._style(QUIET))
        yield from legend(self._waterfall, self._rows, self._look, self._width)

    def _axis(self) -> Iterator[Text]:
        labels, line = [" "] * self._room, [self._look.axis[0]] * self._room
        scale = self._room / self._waterfall.total_ms if self._waterfall.total_ms else 0.0
        for ms, label in self._ticks:
            at = min(int(ms * scale), self._room - 1)
            line[at] = self._look.axis[1]
            if at + len(label) <= self._room:
                labels[at : at + len(label)] = label
        indent = " " * (self.left + 4)
        style = self._style(QUIET)
        yield Text.assemble(indent, ("".join(labels).rstrip(), style), no_wrap=True)
        yield Text.assemble(indent, ("".join(line), style), no_wrap=True)

    def _line(self, row: Row, name: str) -> Text:
        strip = Strip(self._room, self._waterfall.total_ms, self._look)
        strip.shade(self._waterfall.blocked)
        strip.grid(ms for ms, _ in self._ticks[1:])
        line = Text(no_wrap=True, overflow="crop")
        guides = "".join(self._look.guides[guide] for guide in row.guides)
        shown = fit(name, self.left, self._look.ellipsis)
        if (bar := row.bar) is None:
            line.append(shown, self._style(QUIET))
            strip.fold(row.start_ms, row.end_ms, QUIET)
            return _trimmed(line.append("    ").append_text(strip.text()), strip)
        line.append(shown[: len(guides)], self._style(QUIET))
        line.append(shown[len(guides) :], self._name_style(bar))
        line.append(self._look.path if bar.path else " ").append_text(self._gutter(bar)).append(" ")
        strip.bar(bar, self._colour(bar))
        for tag, colour in self._tags(bar):
            strip.tag(tag, colour)
        line.append_text(strip.text())
        tail = self._tail(bar)
        return line.append(f"{tail:>{TAIL}}") if tail else _trimmed(line, strip)

    def _name(self, row: Row) -> str:
        guides = "".join(self._look.guides[guide] for guide in row.guides)
        if row.bar is not None:
            return f"{guides}{clean(row.bar.span.name, encoding=self._look.encoding)}"
        called = [(clean(name, encoding=self._look.encoding), n) for name, n in row.names]
        if len(called) == 1 and called[0][1] == row.more:
            return f"{guides}{self._look.ellipsis} and {row.more:,} more {called[0][0]}"
        listed = ", ".join(f"{n} x {name}" if n > 1 else name for name, n in called)
        return f"{guides}{self._look.ellipsis} and {row.more:,} more: {listed}"

    def _gutter(self, bar: Bar) -> Text:
        """Two cells: what is wrong with it, and how it stood to its siblings."""
        look = self._look
        trouble = (
            look.bad
            if bar.lost or bar.error
            else look.culprit
            if bar.culprit
            else look.victim
            if bar.victim
            else " "
        )
        stage, colour = (
            (look.concurrent, CONCURRENT)
            if bar.concurrent
            else (look.serial, SERIAL)
            if bar.serial
            else (" ", None)
        )
        return Text.assemble((trouble, self._style(TROUBLE)), (stage, self._style(colour)))

    def _tags(self, bar: Bar) -> Iterator[tuple[str, str]]:
        if bar.lost:
            yield "lost", TROUBLE
        if bar.offloaded and self._many_threads:
            thread = clean(bar.thread, encoding=self._look.encoding)
            yield f"{self._look.tag} {thread}", QUIET

    def _colour(self, bar: Bar) -> str:
        if bar.lost or bar.culprit:
            return TROUBLE
        if bar.concurrent:
            return CONCURRENT
        return SERIAL if bar.serial else self._hues[bar.span.service]

    def _name_style(self, bar: Bar) -> Style:
        hue = TROUBLE if bar.lost or bar.error else self._hues[bar.span.service]
        return self._style(hue, italic=bar.neighbour)

    def _tail(self, bar: Bar) -> str:
        if bar.unended:
            return "no end"
        return "" if bar.mark else duration(bar.end_ms - bar.start_ms)

    def _style(self, colour: str | None, *, italic: bool = False) -> Style:
        return Style(color=colour, italic=italic or None) if self._look.colour else Style.null()


def _trimmed(line: Text, strip: Strip) -> Text:
    """Without spaces at its end, unless they are the colour of a blocked loop."""
    if not strip.cells[-1].shaded:
        line.rstrip()
    return line
