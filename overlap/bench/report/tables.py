"""The tables that `overlap bench` prints, and the ratios below them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from overlap.bench.comparison import Comparison
from overlap.bench.figures import Summary, Value, best_peer, ratios
from overlap.bench.load.burst import BurstReport
from overlap.bench.load.saturation import headline
from overlap.bench.pair import Pair

WIDTH = 150
"""Columns: more than rich assumes for piped output."""
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
)
_RATIOS = {
    "rps_over_none": "req/s on / over none",
    "sync_rps_over_none": "sync view over none",
    "orm_rps_over_none": "ORM view over none",
    "orm_kept_rps_over_none": "ORM view with CONN_MAX_AGE over none",
    "rps_over_best_peer": "req/s on / over the best peer ({peer})",
    "cpu_over_none": "processor time for a request on / over none",
    "wall_over_none": "wall time at once over none",
    "p99_down_over_up": "p99 on / with every backend down over all up",
    "watch_cost": "share of req/s that watchdog and ledger take",
    "watch_cpu_cost": "... and of the processor's time",
    "lens_cost": "share of req/s that the lens takes",
    "lens_cpu_cost": "... and of the processor's time",
    "whole_lens_cost": "the same, looking at each request",
    "whole_lens_cpu_cost": "... and of the processor's time",
}


_CPU_FIRST = ("cpu_us", "cpu_over_none")
_CPU_NOTE = "processor time comes first: without wrk, req/s is mostly the load generator's own"


def table(comparison: Comparison) -> Table:
    """Return the table of medians, one row per variant."""
    loads = comparison.plan.loads
    result = Table(
        box=SIMPLE_HEAD,
        title=f"medians over {comparison.plan.rounds} round(s), {loads.seconds} s a load at 16 "
        f"connections, {loads.in_flight:,} one-second views at once (wall, p99, threads, MB), "
        f"{loads.disconnects} disconnects (errors, the worst round), spans of all rounds",
        title_style="dim",
    )
    result.add_column("variant", no_wrap=True)
    columns = _columns(comparison)
    for heading, _, _ in columns:
        result.add_column(heading, justify="right")
    result.add_column("spans lost", justify="right")
    for name, figures in comparison.medians.items():
        result.add_row(name, *_cells(figures, columns))
    return result


def pair_table(pair: Pair) -> Table:
    """Return the table of two variants and the ratio of the first to the second."""
    figures = pair.as_dict()
    sides = figures["sides"]
    result = Table(
        title=f"GET {pair.path} at 16 connections, {figures['turns']} turns of {pair.seconds} s "
        f"for each{_starts(figures['starts'])}{', stopped' if pair.stopped else ''}",
        title_style="dim",
    )
    result.add_column("")
    for heading in (pair.first.name, pair.second.name, "ratio", "95 % between"):
        result.add_column(heading, justify="right")
    low, high = figures["between"]
    has_cpu = figures["cpu_ratio"] is not None
    cpu = (f"{side['cpu_us']:,.0f}" for side in sides) if has_cpu else ()
    cpu_row = ("CPU us", *cpu, f"{figures['cpu_ratio']:.3f}") if has_cpu else ()
    if figures["cpu_between"] is not None:
        cpu_row = (*cpu_row, "{:.3f} and {:.3f}".format(*figures["cpu_between"]))
    is_cpu_first = has_cpu and pair.headline == "cpu_us"
    if is_cpu_first:
        result.caption = _CPU_NOTE
        result.add_row(*cpu_row)
    result.add_row(
        "req/s",
        *(f"{side['rps']:,.0f}" for side in sides),
        f"{figures['rps_ratio']:.3f}",
        f"{low:.3f} and {high:.3f}",
    )
    if has_cpu and not is_cpu_first:
        result.add_row(*cpu_row)
    return result


def _starts(count: int) -> str:
    return f", in {count} starts" if count > 1 else ""


def burst_table(report: BurstReport) -> Table:
    """Return the table of bursts, one per row."""
    result = Table(title=f"{report.url}: one alone takes {report.alone_s:.2f} s")
    for heading in ("at once", "failed", "wall s", "over one alone", "spans", "lost"):
        result.add_column(heading, justify="right")
    for each in report.bursts:
        result.add_row(
            f"{each.requests:,}",
            str(each.failed),
            f"{each.wall_s:.2f}",
            f"{each.ratio:.2f}",
            f"{each.spans_received:,}",
            str(each.spans_lost),
        )
    return result


def lines(comparison: Comparison) -> Iterator[Text]:
    """Yield the ratios, failures and the machine, one per line."""
    medians = comparison.medians
    found = ratios(medians)
    if _is_cpu_first(comparison):
        yield Text(_CPU_NOTE, style="yellow")
        found = dict(sorted(found.items(), key=lambda item: item[0] not in _CPU_FIRST))
    for key, values in found.items():
        title = _RATIOS[key].format(peer=best_peer(medians))
        shown = "   ".join(f"{name} {_ratio(key, value)}" for name, value in values.items())
        yield Text(f"{title}: {shown}")
    for name, why in comparison.failures.items():
        yield Text(f"{name}: {why}", style="yellow")
    if comparison.stopped:
        rounds = sorted({len(each) for each in comparison.rounds.values()})
        yield Text(f"stopped: of {' or '.join(map(str, rounds))} round(s)", style="yellow")
    yield Text(comparison.machine, style="dim")


def _is_cpu_first(comparison: Comparison) -> bool:
    return headline(comparison.plan.loads.by) == "cpu_us"


def _columns(comparison: Comparison) -> list[tuple[str, str, str]]:
    if not _is_cpu_first(comparison):
        return list(_COLUMNS)
    return sorted(_COLUMNS, key=lambda column: column[1] not in _CPU_FIRST)


def _cells(figures: Summary, columns: list[tuple[str, str, str]]) -> Iterator[str]:
    for _, key, form in columns:
        yield _shown(figures.get(key), form)
    lost, sent = figures.get("spans_lost"), figures.get("spans_made")
    yield "-" if lost is None else f"{lost:,.0f} of {sent:,.0f}"


def _shown(value: Value, form: str) -> str:
    return "-" if value is None else form.format(value)


def _ratio(key: str, value: float) -> str:
    return f"{value:.1%}" if key.endswith("_cost") else f"{value:.2f}"
