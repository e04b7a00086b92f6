"""PromQL that counts from a counter's birth on."""

from __future__ import annotations

from collections.abc import Sequence

BIN = "$__interval"
"""From one point of a panel to the next."""
RANGE = "$__range"
"""All that the panel shows."""
SILENT_S = 30
"""Seconds without a word, of the five that are usual, after which a process is taken for gone."""
_GAP = "15m"
"""A counter that was not seen for so long starts anew: the road may be closed for a while."""


def grown(metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN) -> str:
    """By how much a counter grew in `window`, its first value included.

    rate() and increase() want two samples, so that they never see what brought a counter into
    the world: the first request of a route, the one block of an hour. In a demo that is played
    once, that is all there is. These are whole numbers, too: nothing is extrapolated.
    """
    series = f"{metric}{{{where}}}" if where else metric
    now = f"last_over_time({series}[{RANGE}])" if window == RANGE else series
    before = f"last_over_time({series}[{_GAP}] offset {window})"
    # Less than before: it began anew, and all it says is new.
    return f"{_sum(by)}({now} - ({before} or {now} * 0) >= 0 or {now})"


def per_second(metric: str, by: Sequence[str] = (), where: str = "") -> str:
    """The same as a rate, over one bin."""
    return f"{grown(metric, by, where)} / ($__interval_ms / 1000)"


def latest(metric: str, by: Sequence[str] = (), where: str = "") -> str:
    """What a gauge says now, summed over those that still speak.

    Prometheus goes on for five minutes with the last word of a process that was killed: its
    threads would count beside those of the one that took its place.
    """
    series = f"{metric}{{{where}}}" if where else metric
    return f"{_sum(by)}({series} and time() - timestamp({series}) < {SILENT_S})"


def mean(metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN) -> str:
    """A histogram's mean in `window`."""
    total = grown(f"{metric}_sum", by, where, window)
    return f"{total} / ({grown(f'{metric}_count', by, where, window)} > 0)"


def quantile(
    share: float, metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN
) -> str:
    """A histogram's quantile in `window`; nothing where nothing was measured."""
    buckets = grown(f"{metric}_bucket", ("le", *by), where, window)
    some = grown(f"{metric}_count", by, where, window)
    return f"histogram_quantile({share}, {buckets}) and ({some} > 0)"


def labelled(**labels: str) -> str:
    """A zero with labels."""
    value = "vector(0)"
    for name, text in labels.items():
        value = f'label_replace({value}, "{name}", "{_quoted(text)}", "", "")'
    return value


def at_least_zero(query: str, label: str, values: Sequence[str]) -> str:
    """`query` with a zero for each of `values` that it lacks: none is a figure too."""
    return " or ".join([query, *(labelled(**{label: value}) for value in values)])


def or_nothing(query: str, **labels: str) -> str:
    """`query`, or where it is empty one zero with `labels`."""
    return f"({query}) or on() {labelled(**labels)}"


def _sum(by: Sequence[str]) -> str:
    return f"sum by ({', '.join(by)}) " if by else "sum"


def _quoted(text: str) -> str:
    # `$` would name a group of label_replace's pattern.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.replace("$", "$$")
