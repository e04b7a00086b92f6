"""Colours by meaning: the shapes' are those of pocket's page, in tones for light and dark alike."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    RegexMap,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from overlap import names

# overlap/pocket/pages/static/overlap.css has one set for light and one for dark; Grafana takes
# one for both. Each of these stands out by 3 : 1 or more from both of Grafana's backgrounds.
GREEN = "#1f9c82"
AMBER = "#b87a1c"
RED = "#d64255"
GREY = "#7d8b9e"
PURPLE = "#8b62d9"
BLUE = "#2d83d6"
ORANGE = "#d0662f"
PINK = "#c64f8c"

SHAPES = {
    "lost": RED,
    "blocking": RED,
    "background": GREY,
    "concurrent": GREEN,
    "offloaded": PURPLE,
    "serial": AMBER,
    "single": BLUE,
}
"""The most important first: a trace of several shapes has the colour of the first."""

ENDS = {
    "started": BLUE,
    names.TASK_DONE: GREEN,
    names.TASK_CANCELLED: GREY,
    names.TASK_FAILED: ORANGE,
    names.TASK_LOST: RED,
    names.TASK_CUT: PINK,
}

SERVICES = {
    "smokehouse": BLUE,
    "smokehouse-workers": PURPLE,
    "smokehouse-wsgi": PINK,
    "smokehouse-worker": GREEN,
    "smokehouse-beat": AMBER,
    "httpbin": GREY,
    "overlap-play": ORANGE,
    "collector": AMBER,
    "jaeger": BLUE,
    "prometheus": ORANGE,
    "loki": PURPLE,
}
"""The same in every panel."""

SIGNALS = {"traces": BLUE, "metrics": GREEN, "logs": PURPLE}


def by_shape() -> list[ValueMapping]:
    """Colour a list of shapes (`background, offloaded`) by the most important one."""
    return [
        RegexMap(
            options=DashboardRegexMapOptions(
                pattern=f"/.*{shape}.*/", result=ValueMappingResult(color=colour, index=index)
            )
        )
        for index, (shape, colour) in enumerate(SHAPES.items())
    ]


def by_value(texts: Mapping[str, tuple[str, str]]) -> list[ValueMapping]:
    """Show a value as a text in a colour: `{"true": ("as expected", GREEN)}`."""
    return [
        ValueMap(
            options={
                value: ValueMappingResult(text=text, color=colour, index=index)
                for index, (value, (text, colour)) in enumerate(texts.items())
            }
        )
    ]
