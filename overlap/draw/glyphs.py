"""Glyphs and colours: one set for Unicode terminals, one for ASCII."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from rich.color import Color, blend_rgb
from rich.console import Console, ConsoleOptions

SHADE = "#6b1a26"
"""Behind every row while the event loop was blocked."""
CONCURRENT = "#2fae8f"
SERIAL = "#d39a2d"
TROUBLE = "#e5484d"
QUIET = "#7d8796"
GRID = "#59606d"
DOT = "#ffffff"
SERVICES = ("#7f8ea3", "#4a9eea", "#a884e8", "#d977a8", "#5fb3b3", "#c98a5b")
"""In the order in which services appear: the first is the client, the next the server."""


@dataclass(frozen=True, slots=True)
class Look:
    """The glyphs and colours that this terminal can show."""

    colour: bool = True
    encoding: str = "utf-8"
    blocks: str = " ▏▎▍▌▋▊▉█"
    """From empty to full; a set without eighths has two."""
    half_right: str = "▐"
    thin_right: str = "▕"
    after: str = "▒"
    thread: str = "▞"
    unended: str = "╌"
    folded: str = "┄"
    blocked: str = "░"
    response: str = "│"
    event: str = "◦"
    mark: str = "◆"
    bad: str = "✗"
    culprit: str = "●"
    victim: str = "◌"
    concurrent: str = "∥"
    serial: str = "›"
    path: str = "▸"
    tag: str = "⧉"
    ellipsis: str = "…"
    guides: tuple[str, str, str, str] = ("  ", "│ ", "├ ", "└ ")
    axis: tuple[str, str, str] = ("─", "┬", "╌")


ASCII = Look(
    encoding="ascii",
    blocks=" #",
    half_right="#",
    thin_right="#",
    after="~",
    thread="%",
    unended=".",
    folded=".",
    blocked=":",
    response="|",
    event="o",
    mark="+",
    bad="x",
    culprit="!",
    victim="w",
    concurrent="=",
    serial=">",
    path="*",
    tag="@",
    ellipsis="..",
    guides=("  ", "| ", "|-", "`-"),
    axis=("-", "+", "."),
)


def look(console: Console, options: ConsoleOptions) -> Look:
    """Choose glyphs and colours for this terminal."""
    colour = console.color_system is not None and not console.no_color
    return replace(ASCII if options.ascii_only else Look(), colour=colour)


@cache
def over_shade(colour: str) -> str:
    """Return a bar's colour where the loop was blocked behind it."""
    mixed = blend_rgb(Color.parse(colour).get_truecolor(), Color.parse(SHADE).get_truecolor(), 0.45)
    return mixed.hex
