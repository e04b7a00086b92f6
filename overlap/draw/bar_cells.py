"""One row of the picture: a strip of cells for a bar, its events and the blocked times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from overlap.draw.glyphs import DOT, GRID, SHADE, TROUBLE, Look, over_shade
from overlap.waterfall import Bar, Shade


@dataclass(slots=True)
class Cell:
    """One column of one row."""

    char: str = " "
    colour: str | None = None
    behind: str | None = None
    inverse: bool = False
    taken: bool = False
    shaded: bool = False

    def style(self, colours: bool) -> Style:
        """Return no style where the terminal has no colours: reversed cells are wrong as text."""
        if not colours:
            return Style.null()
        behind = self.behind or (SHADE if self.shaded else None)
        return _style(self.colour, behind, self.inverse)


@cache
def _style(colour: str | None, behind: str | None, inverse: bool) -> Style:
    return Style(color=colour, bgcolor=behind, reverse=inverse or None)


class Strip:
    """`width` cells for `total_ms` milliseconds."""

    def __init__(self, width: int, total_ms: float, look: Look) -> None:
        self._width = width
        self._scale = width / total_ms if total_ms > 0 else 0.0
        self._look = look
        self.cells = [Cell() for _ in range(width)]

    def column(self, ms: float) -> int:
        """Return the cell that holds this time."""
        return min(max(int(ms * self._scale), 0), self._width - 1)

    def _columns(self, start_ms: float, end_ms: float) -> range:
        """Return the cells from start to end, one at least."""
        first = self.column(start_ms)
        return range(first, min(max(first + 1, round(end_ms * self._scale)), self._width))

    def shade(self, shades: Iterable[Shade]) -> None:
        """Shade the blocked times."""
        for shade in shades:
            for at in self._columns(shade.start_ms, shade.end_ms):
                self.cells[at].shaded = True
                if not self._look.colour:
                    self.cells[at].char = self._look.blocked

    def grid(self, times: Iterable[float]) -> None:
        """Draw faint lines under the ticks, where there is colour."""
        for ms in times if self._look.colour else ():
            cell = self.cells[self.column(ms)]
            if not cell.shaded:
                cell.char, cell.colour = "┊" if len(self._look.blocks) > 2 else " ", GRID

    def bar(self, bar: Bar, colour: str) -> None:
        """Draw the bar in the style of its sort."""
        look = self._look
        if bar.mark:
            self._put(self.column(bar.start_ms), look.bad if bar.lost else look.mark, colour)
        elif bar.unended:
            self._fill(bar.start_ms, bar.end_ms, look.unended, colour)
        elif bar.response_end_ms is None:
            self._stretch(bar, bar.start_ms, bar.end_ms, colour)
        else:
            if bar.start_ms < bar.response_end_ms:
                self._stretch(bar, bar.start_ms, bar.response_end_ms, colour)
            after = max(bar.start_ms, bar.response_end_ms)
            self._fill(after, bar.end_ms, look.thread if bar.offloaded else look.after, colour)
        if bar.response_end_ms is not None:
            self._put(self.column(bar.response_end_ms), look.response, None)
        for mark in bar.events:
            failed = mark.event.name == "exception"
            self._dot(self.column(mark.ms), look.bad if failed else look.event, failed)

    def fold(self, start_ms: float, end_ms: float, colour: str) -> None:
        """Draw one faint line in place of many bars."""
        self._fill(start_ms, end_ms, self._look.folded, colour)

    def tag(self, text: str, colour: str) -> None:
        """Write text right of the bar, or else left of it, if there is room."""
        taken = [at for at, cell in enumerate(self.cells) if cell.taken]
        first, last = (taken[0], taken[-1]) if taken else (0, -1)
        length = len(text)
        if cell_len(text) != length:
            return  # a cell holds one column: what is wider has no room here
        if last + 2 + length <= self._width:
            start = last + 2
        elif first - 1 - length >= 0:
            start = first - 1 - length
        else:
            return
        for at, char in enumerate(text, start):
            self._put(at, char, colour)

    def text(self) -> Text:
        """Return the strip as one line."""
        line = Text(no_wrap=True, end="")
        runs = groupby(self.cells, key=lambda cell: cell.style(self._look.colour))
        for style, cells in runs:
            line.append("".join(cell.char for cell in cells), style)
        return line

    def _stretch(self, bar: Bar, start_ms: float, end_ms: float, colour: str) -> None:
        if bar.offloaded:
            self._fill(start_ms, end_ms, self._look.thread, colour)
        elif len(self._look.blocks) == 2:
            self._fill(start_ms, end_ms, self._look.blocks[1], colour)
        else:
            self._solid(start_ms, end_ms, colour)

    def _fill(self, start_ms: float, end_ms: float, char: str, colour: str) -> None:
        for at in self._columns(start_ms, end_ms):
            self._put(at, char, colour)

    def _solid(self, start_ms: float, end_ms: float, colour: str) -> None:
        """Fill to an eighth of a cell. Blocks grow from the left, so a start is an inverse one."""
        first = min(round(start_ms * self._scale * 8), self._width * 8 - 1)
        last = min(max(first + 1, round(end_ms * self._scale * 8)), self._width * 8)
        for at in range(first // 8, (last - 1) // 8 + 1):
            left, right = max(first - at * 8, 0), min(last - at * 8, 8)
            if left == 0:
                self._put(at, self._look.blocks[right], colour)
            elif right < 8:  # it starts and ends within one cell: as wide as it is, at its left
                self._put(at, self._look.blocks[right - left], colour)
            elif self._look.colour:
                self._put(at, self._look.blocks[left], colour, inverse=True)
            else:
                half = self._look.half_right if left < 6 else self._look.thin_right
                self._put(at, self._look.blocks[8] if left < 3 else half, colour)

    def _put(self, at: int, char: str, colour: str | None, *, inverse: bool = False) -> None:
        cell = self.cells[at]
        if cell.shaded and colour is not None and colour != TROUBLE:
            colour = over_shade(colour)
        cell.char, cell.colour, cell.behind = char, colour, None
        cell.inverse, cell.taken = inverse, True

    def _dot(self, at: int, char: str, failed: bool) -> None:
        cell = self.cells[at]
        full = cell.char == self._look.blocks[-1] and cell.taken
        cell.behind = cell.colour if full else None
        cell.char, cell.colour = char, TROUBLE if failed else DOT if full else cell.colour
        cell.inverse, cell.taken = False, True
