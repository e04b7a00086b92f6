"""The one table, and the ratios under it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from overlap.bench.comparison import Comparison
from overlap.bench.figures import Summary, Value, best_peer, ratios

WIDTH = 132
"""Columns; more than a piped output is taken to have."""
_COLUMNS = (
    ("req/s on /", "rps", "{:,.0f}"),
    ("p99 ms", "p99_ms", "{:,.1f}"),
    ("CPU us", "cpu_us", "{:,.0f}"),
    ("sync req/s", "sync_rps", "{:,.0f}"),
    ("ORM req/s", "orm_rps", "{:,.0f}"),
    ("ORM kept", "orm_kept_rps", "{:,.0f}"),
    ("wall s", "wall_s", "{:.2f}"),
    ("p99 ms", "burst_p99_ms", "{:,.0f}"),
    ("threads", "threads", "{:,.0f}"),
    ("MB", "rss_mb", "{:,.0f}"),
    ("failed", "failed", "{:,.0f}"),
    ("errors", "error_lines", "{:,.0f}"),
    ("spans", "spans_made", "{:,.0f}"),
    ("got", "spans_received", "{:,.0f}"),
    ("lost", "spans_lost", "{:,.0f}"),
)
_RATIOS = {
    "rps_over_none": "req/s on / over none",
    "sync_rps_over_none": "sync view over none",
    "orm_rps_over_none": "ORM view over none",
    "orm_kept_rps_over_none": "ORM view with CONN_MAX_AGE over none",
    "rps_over_best_peer": "req/s on / over the best peer ({peer})",
    "wall_over_none": "wall time at once over none",
    "p99_down_over_up": "p99 on / with every backend down over all up",
    "watch_cost": "share of req/s that watchdog and ledger take",
    "watch_cpu_cost": "... and of the processor's time",
    "lens_cost": "share of req/s that the lens takes",
    "lens_cpu_cost": "... and of the processor's time",
    "whole_lens_cost": "the same, looking at each request",
    "whole_lens_cpu_cost": "... and of the processor's time",
}


def table(comparison: Comparison) -> Table:
    """Medians, a variant a row."""
    loads = comparison.plan.loads
    made = Table(
        title=f"medians over {comparison.plan.rounds} round(s), {loads.seconds} s a load at 16 "
        f"connections, {loads.in_flight:,} one-second views at once (wall, p99, threads, MB), "
        f"{loads.disconnects} disconnects (errors, the worst round), spans of all rounds",
        title_style="dim",
    )
    made.add_column("variant", no_wrap=True)
    for heading, _, _ in _COLUMNS:
        made.add_column(heading, justify="right")
    for name, figures in comparison.medians.items():
        made.add_row(name, *_cells(figures))
    return made


def lines(comparison: Comparison) -> Iterator[Text]:
    """Ratios, failures and the machine, a line each."""
    medians = comparison.medians
    for key, values in ratios(medians).items():
        title = _RATIOS[key].format(peer=best_peer(medians))
        shown = "   ".join(f"{name} {_ratio(key, value)}" for name, value in values.items())
        yield Text(f"{title}: {shown}")
    for name, why in comparison.failures.items():
        yield Text(f"{name}: {why}", style="yellow")
    if comparison.stopped:
        rounds = sorted({len(each) for each in comparison.rounds.values()})
        yield Text(f"stopped: of {' or '.join(map(str, rounds))} round(s)", style="yellow")
    yield Text(comparison.machine, style="dim")


def _cells(figures: Summary) -> Iterator[str]:
    for _, key, form in _COLUMNS:
        yield _shown(figures.get(key), form)


def _shown(value: Value, form: str) -> str:
    return "-" if value is None else form.format(value)


def _ratio(key: str, value: float) -> str:
    return f"{value:.1%}" if key.endswith("_cost") else f"{value:.2f}"
