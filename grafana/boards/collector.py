"""The collector, signal by signal: taken in, sent on, queued, refused, failed."""

from __future__ import annotations

from grafana_foundation_sdk.builders import timeseries

from grafana.boards import colours, look, panels
from grafana.boards import metrics as m
from grafana.boards.promql import grown, latest, or_nothing, per_second
from grafana.boards.queries import Query, over_time
from overlap import names

ITSELF = f'{m.label(names.SERVICE_NAME)}="collector"'
A_SECOND = "suffix: /s"


def _by_signal(metric: str, *, rate: bool) -> list[Query]:
    """One query for each signal, named after it."""
    return [
        over_time(
            or_nothing(
                per_second(metric.format(items=items), where=ITSELF)
                if rate
                else grown(metric.format(items=items), where=ITSELF)
            ),
            signal,
            chr(ord("A") + number),
        )
        for number, (signal, items) in enumerate(m.ITEMS.items())
    ]


def received() -> timeseries.Panel:
    """What it took in."""
    panel = look.coloured(
        panels.lines(
            "Taken in, a second",
            "Spans and log records that the collector accepted, and on the right metric points.",
            A_SECOND,
            *_by_signal(m.RECEIVED, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )
    return look.on_the_right(panel, "metrics")


def sent() -> timeseries.Panel:
    """What it sent on."""
    panel = look.coloured(
        panels.lines(
            "Sent on, a second",
            "To Jaeger, Prometheus and Loki. More metric points than were taken in: the "
            "collector makes some of spans, and reads the servers' own.",
            A_SECOND,
            *_by_signal(m.SENT, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )
    return look.on_the_right(panel, "metrics")


def queued() -> timeseries.Panel:
    """What waits on its disk."""
    panel = panels.lines(
        "In the queues",
        "Bytes that wait on the collector's disk to be sent on, by exporter. A backend that is "
        "away lets its queue grow; when it is back, it empties.",
        "bytes",
        over_time(latest(m.QUEUED, ("exporter",), ITSELF), "{{exporter}}"),
    )
    for signal, colour in colours.SIGNALS.items():
        look.coloured_like(panel, f".*/{signal}", colour)
    return panel


def refused() -> timeseries.Panel:
    """What it did not take."""
    return look.coloured(
        panels.flat(
            "Refused by the collector",
            "What it did not take, for want of memory; the SDKs try again.",
            "short",
            *_by_signal(m.REFUSED, rate=False),
        ),
        colours.SIGNALS,
    )


def failed() -> timeseries.Panel:
    """What nobody took of it."""
    return look.coloured(
        panels.flat(
            "Failed to be sent on",
            "What a backend refused for good. What it could not take yet stays in the queue, and "
            "does not count.",
            "short",
            *_by_signal(m.NOT_SENT, rate=False),
        ),
        colours.SIGNALS,
    )
