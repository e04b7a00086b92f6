"""A dashboard as rows of panels, with what all of Overlap's dashboards have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    GridPos,
    Panel,
    VariableModel,
)

from grafana.boards import links

WIDTH = 24
"""Columns of Grafana's grid."""


@dataclass(frozen=True)
class Row:
    """Panels side by side, each with its share of WIDTH. Without a title it has no headline."""

    title: str
    height: int
    panels: Sequence[tuple[int, Builder[Panel]]]


def board(
    uid: str,
    title: str,
    description: str,
    rows: Sequence[Row],
    variables: Iterable[Builder[VariableModel]] = (),
) -> Dashboard:
    """Return the dashboard: rows below one another, panels numbered in reading order."""
    made = (
        sdk.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([links.TAG])
        .timezone("browser")
        .time("now-30m", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .links([*links.everywhere()])
        .variables([*variables])
        .editable()
    )
    for row in rows:
        if row.title:
            made.with_row(sdk.Row(row.title))
        if sum(width for width, _ in row.panels) != WIDTH:
            raise ValueError(f"the row {row.title!r} of {title!r} is not {WIDTH} columns wide")
        for width, panel in row.panels:
            made.with_panel(_Sized(panel, width, row.height))
    finished = made.build()
    for number, placed in enumerate(finished.panels or [], 1):
        placed.id_val = number
    return finished


class _Sized(Builder[Panel]):
    """A panel with its share of the grid."""

    def __init__(self, panel: Builder[Panel], width: int, height: int) -> None:
        self._panel, self._width, self._height = panel, width, height

    def build(self) -> Panel:
        """Return the panel with its size."""
        panel = self._panel.build()
        panel.grid_pos = GridPos(h=self._height, w=self._width)
        return panel
