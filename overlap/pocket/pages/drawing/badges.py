"""Badges of a waterfall row: a word and a glyph each, so that colour is not the only mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overlap.draw.text import clean
from overlap.waterfall import Bar


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a row, with a glyph so that colour is not the only mark."""

    kind: str
    glyph: str
    text: str


def badges(bar: Bar) -> Iterator[Badge]:
    """Yield the badges of a bar."""
    if bar.culprit:
        yield Badge("culprit", "●", "blocked the loop")
    if bar.victim:
        yield Badge("victim", "◌", "waited for the loop")
    if bar.background:
        yield Badge("background", "⇥", "past its response")
    if bar.offloaded:
        yield Badge("thread", "▞", f"thread {clean(bar.thread)}" if bar.thread else "a thread")
    if bar.lost:
        yield Badge("lost", "✗", "lost")
    if bar.error:
        yield Badge("error", "✗", "error")
    if bar.unended and not bar.lost:
        yield Badge("open", "╌", "no end recorded")
    if bar.neighbour:
        yield Badge("neighbour", "→", "neighbour")
