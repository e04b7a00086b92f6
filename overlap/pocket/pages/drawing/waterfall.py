"""The waterfall as the template draws it: CSS classes, and positions in per cent of the width.

Everything is a class or an SVG attribute: the content security policy allows no style attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from overlap import names
from overlap.draw.text import clean, duration, ticks
from overlap.pocket.pages.drawing.attribute_text import link_words, pairs
from overlap.pocket.pages.drawing.badges import badges
from overlap.pocket.pages.drawing.lanes import drawn_lanes, shares
from overlap.pocket.pages.drawing.model import Dot, FoldRow, Picture, Row, Shaded
from overlap.pocket.pages.drawing.shape import Box
from overlap.waterfall import Bar, Fold, Mark, Waterfall

DEEPEST = 12
SERVICE_COLOURS = 6
EVENTS_DRAWN = 60
EVENTS_LISTED = 200
PATH_PARTS = 100
"""The most parts of one bar that are marked as critical path."""
LEAST_WIDTH = 0.3
"""Per cent: a bar is at least a line."""


def picture(
    waterfall: Waterfall, *, scale_ms: float = 0.0, columns: int = 70, live: bool = False
) -> Picture:
    """Draw a waterfall; `scale_ms` stretches the axis, so that two can be compared.

    While a trace is `live`, a task without an end may still be running: it is not shown as lost.
    """
    if live:
        waterfall = replace(waterfall, bars=[_not_lost_yet(bar) for bar in waterfall.bars])
    return _Painter(waterfall, max(scale_ms, waterfall.total_ms), columns).picture()


class _Painter:
    def __init__(self, waterfall: Waterfall, total_ms: float, columns: int) -> None:
        self._waterfall, self._total, self._columns = waterfall, total_ms, columns
        self._services = list(dict.fromkeys(bar.span.service for bar in waterfall.bars))

    def picture(self) -> Picture:
        rows = [self._row(bar) for bar in self._waterfall.bars]
        return Picture(
            rows=rows,
            folds=self._folds(),
            shades=list(self._shades()),
            ticks=[
                (self._at(ms), text)
                for ms, text in ticks(self._total, self._columns)
                if ms <= self._total * 0.97
            ],
            services=self._services,
            legend=list({badge.kind: badge for row in rows for badge in row.badges}.values()),
            lanes=drawn_lanes(self._waterfall, self._total),
            total=duration(self._waterfall.total_ms),
            omitted=self._waterfall.omitted,
            has_path=any(row.path for row in rows),
        )

    def _folds(self) -> dict[int, list[FoldRow]]:
        found: dict[int, list[FoldRow]] = {}
        for fold in self._waterfall.folds:
            found.setdefault(fold.after, []).append(self._fold(fold))
        return found

    def _fold(self, fold: Fold) -> FoldRow:
        listed = ", ".join(
            clean(name) + (f" × {count:,}" if count > 1 else "") for name, count in fold.names
        )
        others = fold.siblings - sum(count for _, count in fold.names)
        return FoldRow(
            parent_id=fold.parent_id,
            first=fold.first,
            depth=min(fold.depth, DEEPEST),
            box=self._box("fold", fold.start_ms, fold.end_ms),
            text=f"{fold.siblings:,} more: {listed}" + (f", {others:,} others" if others else ""),
            spans=f"{fold.spans:,} spans" if fold.spans > fold.siblings else "",
        )

    def _shades(self) -> Iterator[Shaded]:
        for shade in self._waterfall.blocked:
            box = self._box("shade", shade.start_ms, shade.end_ms)
            took = duration(shade.end_ms - shade.start_ms)
            text = f"event loop blocked {took} by {clean(shade.culprit)}"
            yield Shaded(box, text, (shade.end_ms - shade.start_ms) > self._total * 0.2)

    def _row(self, bar: Bar) -> Row:
        span = bar.span
        name, took = clean(span.name), duration(bar.took_ms)
        label = "no duration" if bar.mark else "no end" if bar.unended else took
        label_x, side = self._label(bar)
        words = list(badges(bar))
        spoken = f"{clean(span.service)}, starts at {duration(bar.start_ms)}, takes {label}"
        return Row(
            span=span,
            name=name,
            service=self._services.index(span.service) % SERVICE_COLOURS,
            depth=min(bar.depth, DEEPEST),
            boxes=[] if bar.mark else list(self._boxes(bar)),
            dots=[self._dot(mark) for mark in bar.events[:EVENTS_DRAWN]],
            badges=words,
            shares=shares(bar, self._total),
            path=[self._box("path", start, end) for start, end in bar.path[:PATH_PARTS]],
            response_x="" if bar.response_end_ms is None else self._at(bar.response_end_ms),
            mark_x=self._at(bar.start_ms) if bar.mark else "",
            lost=bar.lost,
            label=label,
            label_x=label_x,
            label_side=side,
            spoken=spoken,
            start=duration(bar.start_ms),
            events=[
                (duration(mark.ms), clean(mark.event.name), pairs(mark.event.attributes))
                for mark in bar.events[:EVENTS_LISTED]
            ],
            attributes=pairs(span.attributes),
            links=[
                (link.trace_id, link.span_id, link_words(link.attributes))
                for link in span.links[:EVENTS_LISTED]
            ],
        )

    def _boxes(self, bar: Bar) -> Iterator[Box]:
        here = bar.end_ms
        if bar.response_end_ms is not None:
            here = min(max(bar.start_ms, bar.response_end_ms), bar.end_ms)
            yield self._box("late", here, bar.end_ms)
        if here > bar.start_ms:
            yield self._box("open" if bar.unended else "bar", bar.start_ms, here)
        if bar.offloaded:
            yield self._box("hatch", bar.start_ms, bar.end_ms)

    def _label(self, bar: Bar) -> tuple[str, str]:
        if bar.end_ms <= self._total * 0.84:
            return self._at(bar.end_ms), "after"
        if bar.start_ms >= self._total * 0.16:
            return self._at(bar.start_ms), "before"
        pale = bar.background or bar.unended
        return self._at(bar.end_ms), "over-late" if pale else "over"

    def _dot(self, mark: Mark) -> Dot:
        text = f"{duration(mark.ms)} {clean(mark.event.name)}"
        return Dot(self._at(mark.ms), mark.event.name == "exception", text)

    def _box(self, kind: str, start_ms: float, end_ms: float) -> Box:
        width = max(self._share(end_ms - start_ms), LEAST_WIDTH)
        x = min(self._share(start_ms), 100 - width)
        return Box(kind, f"{x:.3f}%", f"{width:.3f}%")

    def _at(self, ms: float) -> str:
        return f"{self._share(ms):.3f}%"

    def _share(self, ms: float) -> float:
        return 100 * ms / self._total if self._total > 0 else 0.0


def _not_lost_yet(bar: Bar) -> Bar:
    if bar.lost and bar.span.attributes.get(names.TASK_END) not in names.TASK_UNFINISHED:
        return replace(bar, lost=False, unended=True)
    return bar
