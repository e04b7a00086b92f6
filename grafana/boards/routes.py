"""Panels of requests by route: rate, errors, durations."""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge, heatmap, timeseries

from grafana.boards import colours, look, panels
from grafana.boards import metrics as m
from grafana.boards.promql import RANGE, grown, mean, or_nothing, per_second
from grafana.boards.queries import at_the_end, buckets, over_time
from overlap import names

ROUTE = m.label(names.HTTP_ROUTE)
SERVICE = m.label(names.SERVICE_NAME)
STATUS = m.label(names.HTTP_STATUS)
ROUTED = f'{ROUTE}!=""'
"""The upstream is not a Django app and has no routes."""
FAILED = f'{STATUS}=~"5.."'


def rate() -> timeseries.Panel:
    """Return the panel of requests a second, by route."""
    return (
        panels.bars(
            "Requests a second",
            "By route, stacked.",
            "reqps",
            over_time(per_second(f"{m.SERVED}_count", (ROUTE,), ROUTED), f"{{{{{ROUTE}}}}}"),
        )
        .decimals(2)
        .legend(look.legend(table=True, calcs=["max"]))
    )


def durations() -> heatmap.Panel:
    """Return the heatmap of durations, with exemplars."""
    return panels.heat(
        "How long requests took",
        "Every request, by the time to its response: the darker, the more. A dot is an exemplar: "
        "click it to open its trace.",
        "s",
        buckets(grown(f"{m.SERVED}_bucket", ("le",))),
    )


def errors() -> timeseries.Panel:
    """Return the panel of requests answered 5xx."""
    by_route = grown(f"{m.SERVED}_count", (SERVICE, ROUTE, STATUS), FAILED)
    named = f"{{{{{STATUS}}}}} {{{{{SERVICE}}}}} {{{{{ROUTE}}}}}"
    panel = (
        panels.bars(
            "Failed requests",
            "Answered 5xx in each bin, by status, service and route.",
            "short",
            over_time(or_nothing(f"{by_route} > 0", **{STATUS: "none"}), named),
        )
        .decimals(0)
        .axis_soft_max(4)
        .line_width(1)
        .color_scheme(look.one_colour(colours.RED))
    )
    return look.coloured_like(panel, "none.*", colours.GREY)


def slowest() -> bargauge.Panel:
    """Return the routes with the longest mean duration."""
    return panels.ranking(
        "The slowest routes",
        "The mean time from a request's arrival to its response, over the time shown.",
        "s",
        at_the_end(
            f"sort_desc(topk(9, {mean(m.SERVED, (ROUTE,), ROUTED, RANGE)}))", f"{{{{{ROUTE}}}}}"
        ),
    ).decimals(2)
