"""PromQL that counts a counter from its first sample on."""

from __future__ import annotations

from collections.abc import Sequence

BIN = "$__interval"
"""From one point of a panel to the next."""
RANGE = "$__range"
"""All that the panel shows."""
SILENT_S = 30
"""After so many seconds without a sample a process is taken for ended; five are usual."""
_GAP = "15m"
"""A counter without a sample for so long counts as new: telemetry may be missing for a while."""


def grown(metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN) -> str:
    """Return by how much a counter grew in `window`, its first value included.

    rate() and increase() need two samples, so they miss what creates a counter: the first request
    of a route, the one block of an hour. In a demo that is played once, that is all there is. The
    results are whole numbers, too: nothing is extrapolated.
    """
    series = f"{metric}{{{where}}}" if where else metric
    now = f"last_over_time({series}[{RANGE}])" if window == RANGE else series
    before = f"last_over_time({series}[{_GAP}] offset {window})"
    # Less than before: the counter was reset, and its whole value is new.
    return f"{_sum(by)}({now} - ({before} or {now} * 0) >= 0 or {now})"


def per_second(metric: str, by: Sequence[str] = (), where: str = "") -> str:
    """Return the growth as a rate, over one bin."""
    return f"{grown(metric, by, where)} / ($__interval_ms / 1000)"


def latest(metric: str, by: Sequence[str] = (), where: str = "") -> str:
    """Return the current value of a gauge, summed over the processes that still report.

    Prometheus keeps the last sample of a process that was killed for five minutes: its threads
    would count beside those of the process that replaced it.
    """
    series = f"{metric}{{{where}}}" if where else metric
    return f"{_sum(by)}({series} and time() - timestamp({series}) < {SILENT_S})"


def mean(metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN) -> str:
    """Return a histogram's mean in `window`."""
    total = grown(f"{metric}_sum", by, where, window)
    return f"{total} / ({grown(f'{metric}_count', by, where, window)} > 0)"


def quantile(
    share: float, metric: str, by: Sequence[str] = (), where: str = "", window: str = BIN
) -> str:
    """Return a histogram's quantile in `window`; nothing if nothing was measured."""
    buckets = grown(f"{metric}_bucket", ("le", *by), where, window)
    some = grown(f"{metric}_count", by, where, window)
    return f"histogram_quantile({share}, {buckets}) and ({some} > 0)"


def labelled(**labels: str) -> str:
    """Return a zero with labels."""
    value = "vector(0)"
    for name, text in labels.items():
        value = f'label_replace({value}, "{name}", "{_quoted(text)}", "", "")'
    return value


def at_least_zero(query: str, label: str, values: Sequence[str]) -> str:
    """Return `query` with a zero for each of `values` that it lacks."""
    return " or ".join([query, *(labelled(**{label: value}) for value in values)])


def or_nothing(query: str, **labels: str) -> str:
    """Return `query`, or one zero with `labels` if it is empty."""
    return f"({query}) or on() {labelled(**labels)}"


def _sum(by: Sequence[str]) -> str:
    return f"sum by ({', '.join(by)}) " if by else "sum"


def _quoted(text: str) -> str:
    # `$` would name a group of label_replace's pattern.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.replace("$", "$$")
