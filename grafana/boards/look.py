"""Legends, thresholds, colours and axes of panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import common as common_sdk
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
)
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)

from grafana.boards import colours


def legend(*, table: bool = False, calcs: Sequence[str] = ()) -> common_sdk.VizLegendOptions:
    """Return a legend below the panel, or as a table at its right."""
    return (
        common_sdk.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.TABLE if table else LegendDisplayMode.LIST)
        .placement(LegendPlacement.RIGHT if table else LegendPlacement.BOTTOM)
        .calcs([*calcs])
        .sort_by("Max")
        .sort_desc(True)
    )


def steps(*levels: tuple[float | None, str]) -> sdk.ThresholdsConfig:
    """Return thresholds: from which value on which colour."""
    return (
        sdk.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=colour) for value, colour in levels])
    )


def as_line() -> list[DynamicConfigValue]:
    """Return the properties of a line among stacked bars."""
    return [
        DynamicConfigValue("custom.drawStyle", "line"),
        DynamicConfigValue("custom.lineWidth", 2),
        DynamicConfigValue("custom.lineInterpolation", "stepAfter"),
        DynamicConfigValue("custom.fillOpacity", 0),
        DynamicConfigValue("custom.stacking", {"mode": "none", "group": "B"}),
    ]


class _Coloured(Protocol):
    def override_by_name(self, name: str, properties: list[DynamicConfigValue]) -> Self: ...
    def override_by_regexp(self, regexp: str, properties: list[DynamicConfigValue]) -> Self: ...
    def override_by_query(
        self, query_ref_id: str, properties: list[DynamicConfigValue]
    ) -> Self: ...


C = TypeVar("C", bound=_Coloured)


def coloured(panel: C, by_name: Mapping[str, str]) -> C:
    """Give each series of these names its colour."""
    for name, colour in by_name.items():
        panel.override_by_name(name, _fixed(colour))
    return panel


def coloured_like(panel: C, pattern: str, colour: str) -> C:
    """Give the series whose names are like `pattern` a colour."""
    return panel.override_by_regexp(pattern, _fixed(colour))


def named(panel: C, by_ref: Mapping[str, tuple[str, str]]) -> C:
    """Give the result of each query a name and a colour: an instant query has no legend."""
    for ref, (name, colour) in by_ref.items():
        panel.override_by_query(ref, [DynamicConfigValue("displayName", name), *_fixed(colour)])
    return panel


def renamed(panel: C, name: str, to: str, colour: str) -> C:
    """Show the series of this name under another one, in a colour."""
    return panel.override_by_name(name, [DynamicConfigValue("displayName", to), *_fixed(colour)])


def on_the_right(panel: C, name: str) -> C:
    """Give one series an axis of its own: it is much larger than the others."""
    return panel.override_by_name(
        name, [DynamicConfigValue("custom.axisPlacement", "right"), *_unfilled()]
    )


def _unfilled() -> list[DynamicConfigValue]:
    return [DynamicConfigValue("custom.fillOpacity", 0)]


def by_service(panel: C) -> C:
    """Give each service its colour."""
    return coloured(panel, colours.SERVICES)


def _fixed(colour: str) -> list[DynamicConfigValue]:
    return [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]


def logarithmic(panel: timeseries.Panel) -> timeseries.Panel:
    """Use a logarithmic axis, for what ranges from a millisecond to seconds."""
    return panel.min(0.001).scale_distribution(
        common_sdk.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10)
    )


def one_colour(colour: str) -> sdk.FieldColor:
    """Return one colour for every series."""
    return sdk.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(colour)


def alarming(panel: stat.Panel, bad_from: float, colour: str = colours.RED) -> stat.Panel:
    """Colour the figure green below `bad_from` and `colour` from there on."""
    return panel.thresholds(steps((None, colours.GREEN), (bad_from, colour)))
