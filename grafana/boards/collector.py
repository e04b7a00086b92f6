"""Panels of the collector by signal: received, forwarded, queued, refused, failed."""

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
    """Return one query for each signal, named after it."""
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
    """Return the panel of what it received."""
    panel = look.coloured(
        panels.lines(
            "Received a second",
            "Spans and log records that the collector accepted; metric points on the right axis.",
            A_SECOND,
            *_by_signal(m.RECEIVED, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )
    return look.on_the_right(panel, "metrics")


def sent() -> timeseries.Panel:
    """Return the panel of what it forwarded."""
    panel = look.coloured(
        panels.lines(
            "Forwarded a second",
            "To Jaeger, Prometheus and Loki. There are more metric points than it received: the "
            "collector makes some from spans, and reads the servers' own metrics.",
            A_SECOND,
            *_by_signal(m.SENT, rate=True),
        ).interval("15s"),
        colours.SIGNALS,
    )
    return look.on_the_right(panel, "metrics")


def queued() -> timeseries.Panel:
    """Return the panel of what waits on its disk."""
    panel = panels.lines(
        "In the queues",
        "Bytes that wait on the collector's disk to be forwarded, by exporter. While a backend is "
        "down, its queue grows; when it is back, the queue empties.",
        "bytes",
        over_time(latest(m.QUEUED, ("exporter",), ITSELF), "{{exporter}}"),
    )
    for signal, colour in colours.SIGNALS.items():
        look.coloured_like(panel, f".*/{signal}", colour)
    return panel


def refused() -> timeseries.Panel:
    """Return the panel of what it refused."""
    return look.coloured(
        panels.flat(
            "Refused by the collector",
            "What it did not accept, because it was short of memory. The SDKs try again.",
            "short",
            *_by_signal(m.REFUSED, rate=False),
        ),
        colours.SIGNALS,
    )


def failed() -> timeseries.Panel:
    """Return the panel of what no backend accepted."""
    return look.coloured(
        panels.flat(
            "Not forwarded",
            "What a backend refused for good. What it could not accept yet stays in the queue, and "
            "does not count.",
            "short",
            *_by_signal(m.NOT_SENT, rate=False),
        ),
        colours.SIGNALS,
    )
