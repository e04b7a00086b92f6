"""The telemetry pipeline: what SDKs, collector and backends received, queued and dropped."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common as common_sdk
from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import collector, colours, look, panels
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.promql import RANGE, at_least_zero, grown, or_nothing, per_second
from grafana.boards.queries import at_the_end, over_time
from overlap import names

SERVICE, SIGNAL = m.label(names.SERVICE_NAME), m.label(names.SIGNAL)
JAEGER = f'{SERVICE}="jaeger"'


def dashboard() -> Dashboard:
    """Return the dashboard, in the order of the pipeline: SDKs, collector, backends."""
    return board(
        "overlap-road",
        "The telemetry pipeline",
        "What the SDKs sent and dropped, what the collector received, queued and forwarded, and "
        "what Jaeger, Prometheus and Loki stored.",
        [
            Row("", 4, [(6, panel) for panel in _figures()]),
            Row("Out of the processes", 8, [(12, _made()), (12, _dropped())]),
            Row(
                "Through the collector",
                8,
                [(8, collector.received()), (8, collector.sent()), (8, collector.queued())],
            ),
            Row("", 8, [(12, collector.refused()), (12, collector.failed())]),
            Row("Into the backends", 8, [(8, _jaeger()), (8, _prometheus()), (8, _loki())]),
            Row("The servers themselves", 8, [(12, _up()), (12, _memory())]),
        ],
    )


def _every(metric: str) -> str:
    """Return the sum over all signals of a counter of the collector, in the time shown."""
    return " + ".join(
        f"({or_nothing(grown(metric.format(items=items), where=collector.ITSELF, window=RANGE))})"
        for items in m.ITEMS.values()
    )


def _figures() -> list[stat.Panel]:
    return [
        look.alarming(
            panels.number(
                "Dropped by SDKs",
                "Spans, points and records that did not leave their process, in the time shown: "
                "the queue was full, or the backend did not accept them in time.",
                "short",
                at_the_end(or_nothing(grown(m.DROPPED, window=RANGE))),
            ).decimals(0),
            1,
        ),
        look.alarming(
            panels.number(
                "Refused by the collector",
                "What it did not accept, in the time shown, because it was short of memory.",
                "short",
                at_the_end(_every(m.REFUSED)),
            ).decimals(0),
            1,
        ),
        look.alarming(
            panels.number(
                "Lost by the collector",
                "What it received and could not queue, in the time shown: the queue was full.",
                "short",
                at_the_end(_every(m.NOT_QUEUED)),
            ).decimals(0),
            1,
        ),
        look.alarming(
            panels.number(
                "The fullest queue",
                "How full the collector's sending queues are at this moment. Full, it refuses.",
                "percentunit",
                at_the_end(
                    f"max({m.QUEUED}{{{collector.ITSELF}}} / {m.QUEUE_ROOM}{{{collector.ITSELF}}})"
                ),
            ).decimals(1),
            0.5,
            colours.AMBER,
        ),
    ]


def _made() -> timeseries.Panel:
    panel = panels.bars(
        "Spans a second, by service",
        "Ended spans as the collector's spanmetrics counts them, by the service that made them.",
        collector.A_SECOND,
        over_time(per_second(m.SPANS, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    )
    return look.by_service(panel.decimals(1))


def _dropped() -> timeseries.Panel:
    dropped = at_least_zero(grown(m.DROPPED, (SIGNAL,)), SIGNAL, [*colours.SIGNALS])
    return look.coloured(
        panels.flat(
            "Dropped by the SDKs, by signal",
            "What did not leave its process. It should be 0. Requests are served in any case.",
            "short",
            over_time(dropped, f"{{{{{SIGNAL}}}}}"),
        ),
        colours.SIGNALS,
    )


def _jaeger() -> timeseries.Panel:
    return look.coloured(
        panels.lines(
            "Jaeger: spans a second",
            "Received, to be stored.",
            collector.A_SECOND,
            over_time(per_second(m.JAEGER_SPANS, where=JAEGER), "spans"),
        ).interval("15s"),
        {"spans": colours.SIGNALS["traces"]},
    )


def _prometheus() -> timeseries.Panel:
    panel = look.coloured(
        panels.lines(
            "Prometheus: samples a second",
            "Stored; and on the right exemplars, each of which leads from a figure to a trace.",
            collector.A_SECOND,
            over_time(per_second(m.PROMETHEUS_SAMPLES), "samples", "A"),
            over_time(per_second(m.PROMETHEUS_EXEMPLARS), "exemplars", "B"),
        ).interval("15s"),
        {"samples": colours.SIGNALS["metrics"], "exemplars": colours.ORANGE},
    )
    return look.on_the_right(panel, "exemplars")


def _loki() -> timeseries.Panel:
    return look.coloured(
        panels.lines(
            "Loki: lines a second",
            "Received; and those it discarded, as too old or too many.",
            collector.A_SECOND,
            over_time(or_nothing(per_second(m.LOKI_LINES)), "lines", "A"),
            over_time(or_nothing(per_second(m.LOKI_DISCARDED)), "discarded", "B"),
        ).interval("15s"),
        {"lines": colours.SIGNALS["logs"], "discarded": colours.RED},
    )


def _up() -> stat.Panel:
    return (
        panels.number(
            "Servers that are up",
            "Whether the collector could read each server's own metrics when it last tried.",
            "short",
            at_the_end(f"min by ({SERVICE}) ({m.UP})", f"{{{{{SERVICE}}}}}"),
        )
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .text(common_sdk.VizTextDisplayOptions().title_size(16).value_size(28))
        .mappings(colours.by_value({"1": ("up", colours.GREEN), "0": ("down", colours.RED)}))
    )


def _memory() -> timeseries.Panel:
    panel = panels.lines(
        "Memory",
        "Resident, of each server.",
        "bytes",
        over_time(f"max by ({SERVICE}) ({' or '.join(m.MEMORY)})", f"{{{{{SERVICE}}}}}"),
    )
    return look.by_service(panel)
