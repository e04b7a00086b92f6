"""The road: what SDKs, collector, Prometheus, Loki and Jaeger took in, queued and dropped."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import colours, panels
from grafana.boards import metrics as m
from grafana.boards.board import Row, board
from grafana.boards.promql import RANGE, at_least_zero, grown, latest, or_nothing, per_second
from grafana.boards.queries import Query, at_the_end, over_time
from overlap import names

SERVICE, SIGNAL = m.label(names.SERVICE_NAME), m.label(names.SIGNAL)
COLLECTOR, JAEGER = (f'{SERVICE}="{name}"' for name in ("collector", "jaeger"))


def dashboard() -> Dashboard:
    """Left to right: out of the process, through the collector, into the backends."""
    return board(
        "overlap-road",
        "The road",
        "The telemetry's own way: what the SDKs sent and dropped, what the collector took in, "
        "queued and sent on, and what Jaeger, Prometheus and Loki stored.",
        [
            Row("", 4, [(6, panel) for panel in _figures()]),
            Row("Out of the processes", 8, [(12, _made()), (12, _dropped())]),
            Row("Through the collector", 8, [(8, _received()), (8, _sent()), (8, _queued())]),
            Row("", 8, [(12, _refused()), (12, _failed())]),
            Row("Into the backends", 8, [(8, _jaeger()), (8, _prometheus()), (8, _loki())]),
            Row("The servers themselves", 8, [(12, _up()), (12, _memory())]),
        ],
    )


def _every(metric: str) -> str:
    """A counter that the collector has once for each signal, all of them in the time shown."""
    return " + ".join(
        f"({or_nothing(grown(metric.format(items=items), where=COLLECTOR, window=RANGE))})"
        for items in m.ITEMS.values()
    )


def _figures() -> list[stat.Panel]:
    return [
        panels.alarming(
            panels.number(
                "Dropped by SDKs",
                "Spans, points and records that did not leave their process, in the time shown: "
                "their queue was full, or nobody took them in time.",
                "short",
                at_the_end(or_nothing(grown(m.DROPPED, window=RANGE))),
            ).decimals(0),
            1,
        ),
        panels.alarming(
            panels.number(
                "Refused by the collector",
                "What it was sent and did not take, in the time shown: it was short of memory.",
                "short",
                at_the_end(_every(m.REFUSED)),
            ).decimals(0),
            1,
        ),
        panels.alarming(
            panels.number(
                "Lost by the collector",
                "What it took in and could not queue, in the time shown: the queue was full.",
                "short",
                at_the_end(_every(m.NOT_QUEUED)),
            ).decimals(0),
            1,
        ),
        panels.alarming(
            panels.number(
                "The fullest queue",
                "How full the collector's sending queues are at this moment. Full, it refuses.",
                "percentunit",
                at_the_end(f"max({m.QUEUED}{{{COLLECTOR}}} / {m.QUEUE_ROOM}{{{COLLECTOR}}})"),
            ).decimals(1),
            0.5,
            colours.AMBER,
        ),
    ]


def _by_signal(metric: str, *, rate: bool) -> list[Query]:
    """One query for each signal, named after it."""
    return [
        over_time(
            or_nothing(
                per_second(metric.format(items=items), where=COLLECTOR)
                if rate
                else grown(metric.format(items=items), where=COLLECTOR)
            ),
            signal,
            chr(ord("A") + number),
        )
        for number, (signal, items) in enumerate(m.ITEMS.items())
    ]


def _made() -> timeseries.Panel:
    return panels.bars(
        "Spans a second, by service",
        "Ended spans as the collector's spanmetrics counts them, by the service that made them.",
        "cps",
        over_time(per_second(m.SPANS, (SERVICE,)), f"{{{{{SERVICE}}}}}"),
    ).legend(panels.legend(table=True, calcs=["max"]))


def _dropped() -> timeseries.Panel:
    dropped = at_least_zero(grown(m.DROPPED, (SIGNAL,)), SIGNAL, [*colours.SIGNALS])
    return panels.coloured(
        panels.bars(
            "Dropped by the SDKs, by signal",
            "What did not leave its process. 0 is what it should be; requests go on all the same.",
            "short",
            over_time(dropped, f"{{{{{SIGNAL}}}}}"),
        ).decimals(0),
        colours.SIGNALS,
    )


def _received() -> timeseries.Panel:
    return panels.coloured(
        panels.lines(
            "Taken in, a second",
            "Spans, metric points and log records that the collector accepted.",
            "cps",
            *_by_signal(m.RECEIVED, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )


def _sent() -> timeseries.Panel:
    return panels.coloured(
        panels.lines(
            "Sent on, a second",
            "To Jaeger, Prometheus and Loki. More metric points than were taken in: the "
            "collector makes some of spans, and reads the servers' own.",
            "cps",
            *_by_signal(m.SENT, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )


def _queued() -> timeseries.Panel:
    return panels.lines(
        "In the queues",
        "Bytes that wait on the collector's disk to be sent on, by exporter. A backend that is "
        "away lets its queue grow; when it is back, it empties.",
        "bytes",
        over_time(latest(m.QUEUED, ("exporter",), COLLECTOR), "{{exporter}}"),
    )


def _refused() -> timeseries.Panel:
    return panels.coloured(
        panels.bars(
            "Refused by the collector",
            "What it did not take, for want of memory; the SDKs try again.",
            "short",
            *_by_signal(m.REFUSED, rate=False),
        ).decimals(0),
        colours.SIGNALS,
    )


def _failed() -> timeseries.Panel:
    return panels.coloured(
        panels.bars(
            "Failed to be sent on",
            "What a backend refused for good. What it could not take yet stays in the queue, and "
            "does not count.",
            "short",
            *_by_signal(m.NOT_SENT, rate=False),
        ).decimals(0),
        colours.SIGNALS,
    )


def _jaeger() -> timeseries.Panel:
    return panels.coloured(
        panels.lines(
            "Jaeger: spans a second",
            "Taken in, to be stored.",
            "cps",
            over_time(per_second(m.JAEGER_SPANS, where=JAEGER), "spans"),
        ).interval("15s"),
        {"spans": colours.SIGNALS["traces"]},
    )


def _prometheus() -> timeseries.Panel:
    return panels.coloured(
        panels.lines(
            "Prometheus: samples a second",
            "Stored; and exemplars among them, each of which leads from a figure to a trace.",
            "cps",
            over_time(per_second(m.PROMETHEUS_SAMPLES), "samples", "A"),
            over_time(per_second(m.PROMETHEUS_EXEMPLARS), "exemplars", "B"),
        ).interval("15s"),
        {"samples": colours.SIGNALS["metrics"], "exemplars": colours.ORANGE},
    )


def _loki() -> timeseries.Panel:
    return panels.coloured(
        panels.lines(
            "Loki: lines a second",
            "Received; and those it discarded, as too old or too many.",
            "cps",
            over_time(or_nothing(per_second(m.LOKI_LINES)), "lines", "A"),
            over_time(or_nothing(per_second(m.LOKI_DISCARDED)), "discarded", "B"),
        ).interval("15s"),
        {"lines": colours.SIGNALS["logs"], "discarded": colours.RED},
    )


def _up() -> stat.Panel:
    return (
        panels.number(
            "Tell of themselves",
            "Whether the collector could read each server's own metrics when it last tried.",
            "short",
            at_the_end(f"min by ({SERVICE}) ({m.UP})", f"{{{{{SERVICE}}}}}"),
        )
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .mappings(colours.by_value({"1": ("up", colours.GREEN), "0": ("away", colours.RED)}))
    )


def _memory() -> timeseries.Panel:
    return panels.lines(
        "Memory",
        "Resident, of each server.",
        "bytes",
        over_time(f"max by ({SERVICE}) ({' or '.join(m.MEMORY)})", f"{{{{{SERVICE}}}}}"),
    )
