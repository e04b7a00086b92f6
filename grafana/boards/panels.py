"""Panels in one style. Each needs a title, a description and a unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    heatmap,
    logs,
    nodegraph,
    stat,
    text,
    timeseries,
)
from grafana_foundation_sdk.builders import common as common_sdk
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    BarGaugeDisplayMode,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    LogsSortOrder,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    FieldColorModeId,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.text import TextMode

from grafana.boards import colours, look
from grafana.boards.queries import LOKI, PROMETHEUS, Query


class _Panel(Protocol):
    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def targets(self, targets: list[Query]) -> Self: ...


P = TypeVar("P", bound=_Panel)


def _described(  # noqa: PLR0913, PLR0917  what every panel has
    panel: P,
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query] = (),
    source: DataSourceRef = PROMETHEUS,
) -> P:
    panel.title(title).description(description).unit(unit)
    return panel.datasource(source).targets([*queries]) if queries else panel


def lines(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> timeseries.Panel:
    """Return figures over time, a line each."""
    return (
        _described(timeseries.Panel(), title, description, unit, queries, source)
        .draw_style(GraphDrawStyle.LINE)
        .line_width(2)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
        .min(0)
        .color_scheme(sdk.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(look.legend())
        .tooltip(
            common_sdk.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
        )
    )


def points(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> timeseries.Panel:
    """Return figures that occur now and then, a point each."""
    return (
        lines(title, description, unit, *queries, source=source)
        .draw_style(GraphDrawStyle.POINTS)
        .show_points(VisibilityMode.ALWAYS)
        .point_size(9)
    )


def flat(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> timeseries.Panel:
    """Return lines that should stay at 0, drawn so that a 0 is visible."""
    return (
        lines(title, description, unit, *queries, source=source)
        .interval("15s")
        .axis_soft_max(4)
        .decimals(0)
    )


def bars(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> timeseries.Panel:
    """Return stacked bars: what happened in each bin."""
    return (
        lines(title, description, unit, *queries, source=source)
        .draw_style(GraphDrawStyle.BARS)
        .line_width(0)
        .fill_opacity(85)
        .stacking(common_sdk.StackingConfig().mode(StackingMode.NORMAL).group("A"))
        .interval("15s")  # a bar a few pixels wide, on the usual half hour
    )


def number(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> stat.Panel:
    """Return one large figure, in the text's colour unless `alarming` sets a threshold."""
    return (
        _described(stat.Panel(), title, description, unit, queries, source)
        .reduce_options(common_sdk.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE)
        .color_scheme(sdk.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(look.steps((None, "text")))
    )


def ranking(
    title: str, description: str, unit: str, *queries: Query, source: DataSourceRef = PROMETHEUS
) -> bargauge.Panel:
    """Return one horizontal bar for each series."""
    return (
        _described(bargauge.Panel(), title, description, unit, queries, source)
        .reduce_options(common_sdk.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .display_mode(BarGaugeDisplayMode.BASIC)
        .value_mode(BarGaugeValueMode.TEXT)
        .orientation(VizOrientation.HORIZONTAL)
        .show_unfilled(False)
        .min(0)
        .min_viz_height(16)
        .text(common_sdk.VizTextDisplayOptions().title_size(14).value_size(18))
        .color_scheme(look.one_colour(colours.BLUE))
        .thresholds(look.steps((None, colours.BLUE)))
    )


def heat(title: str, description: str, unit: str, query: Query) -> heatmap.Panel:
    """Return a histogram over time; the dots are exemplars and lead to their traces."""
    return (
        _described(heatmap.Panel(), title, description, "short", [query])
        .calculate(False)
        .cell_gap(1)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .scale(HeatmapColorScale.EXPONENTIAL)
            .exponent(0.5)
            .steps(32)
            .reverse(False)
        )
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .y_axis(heatmap.YAxisConfig().axis_placement(AxisPlacement.LEFT).unit(unit))
        .exemplars_color(colours.ORANGE)
        .tooltip(heatmap.HeatmapTooltip().mode(TooltipDisplayMode.SINGLE).y_histogram(True))
        .show_legend()
        .interval("15s")
    )


def log_lines(title: str, description: str, *queries: Query) -> logs.Panel:
    """Return log lines; each opens to its attributes and its trace."""
    return (
        _described(logs.Panel(), title, description, "string", queries, LOKI)
        .show_time(True)
        .show_labels(False)
        .show_common_labels(False)
        .wrap_log_message(True)
        .enable_log_details(True)
        .sort_order(LogsSortOrder.DESCENDING)
    )


def graph(title: str, description: str, *queries: Query) -> nodegraph.Panel:
    """Return a graph of nodes and edges."""
    return _described(nodegraph.Panel(), title, description, "short", queries)


def words(title: str, description: str, content: str) -> text.Panel:
    """Return a text in Markdown."""
    return (
        _described(text.Panel(), title, description, "string")
        .mode(TextMode.MARKDOWN)
        .content(content)
    )
