"""The figures of one round, their medians over rounds, and ratios between variants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from overlap.bench.server.variants import peers

Value = float | int | None
Summary = dict[str, Value]

WORST = ("error_lines", "failed")
"""Summarised by the worst round: an error in one of five rounds is an error."""
TOTAL = ("spans_made", "spans_received", "spans_lost")
_COSTS = (
    ("watch", "overlap-no-lens", "overlap-no-watch"),
    ("lens", "overlap", "overlap-no-lens"),
    ("whole_lens", "overlap-whole-lens", "overlap-no-lens"),
)
"""For each cost: the variant with it, and the variant with everything else."""


@dataclass(slots=True)
class Figures:
    """One variant in one round. None: not measured, or without meaning for this variant."""

    rps: float | None = None
    """Requests a second on `/`, the async view."""
    p99_ms: float | None = None
    cpu_us: float | None = None
    """Microseconds of the server's processor time per request."""
    sync_rps: float | None = None
    sync_p99_ms: float | None = None
    sync_cpu_us: float | None = None
    orm_rps: float | None = None
    orm_p99_ms: float | None = None
    orm_cpu_us: float | None = None
    orm_kept_rps: float | None = None
    """With CONN_MAX_AGE, which has no effect in stock Django under ASGI."""
    orm_kept_p99_ms: float | None = None
    orm_kept_cpu_us: float | None = None
    wall_s: float | None = None
    """All one-second async views at once: from the first start to the last end."""
    burst_rps: float | None = None
    burst_p99_ms: float | None = None
    threads: int | None = None
    """The most threads of the process meanwhile."""
    rss_mb: float | None = None
    """The most memory meanwhile, in MiB."""
    failed: int = 0
    """Failed requests of all loads, without those whose client disconnected."""
    disconnected: int | None = None
    """Clients that disconnected without an answer."""
    error_lines: int | None = None
    """Error records in the server's log after the disconnects."""
    spans_made: int | None = None
    """Requests that the server received: each must have one server span."""
    spans_received: int | None = None
    spans_lost: int | None = None


def summary(rounds: Sequence[Figures]) -> Summary:
    """Return the medians, the worst of WORST and the sum of TOTAL."""
    result: Summary = {}
    columns = [asdict(each) for each in rounds]
    for key in columns[0]:
        values = [column[key] for column in columns if column[key] is not None]
        if not values:
            result[key] = None
        elif key in WORST:
            result[key] = max(values)
        elif key in TOTAL:
            result[key] = sum(values)
        else:
            result[key] = _rounded(median(values))
    return result


def ratios(variants: Mapping[str, Summary]) -> dict[str, dict[str, float]]:
    """Return ratios of medians by name and variant, if both sides were measured.

    `p99_down_over_up` is the p99 on `/` with every backend down, over that with all of them up;
    `watch_cost` is the share of req/s that the watchdog and the ledger take, `lens_cost` that
    which the lens takes of what is left, `whole_lens_cost` the same if it looks at each request.
    `..._cpu_cost` are shares of the processor's time instead, which neighbours move less.
    """
    found = {
        "rps_over_none": _over(variants, "rps", "none", variants),
        "sync_rps_over_none": _over(variants, "sync_rps", "none", variants),
        "orm_rps_over_none": _over(variants, "orm_rps", "none", variants),
        "orm_kept_rps_over_none": _over(variants, "orm_kept_rps", "none", variants),
        "cpu_over_none": _over(variants, "cpu_us", "none", variants),
        "wall_over_none": _over(variants, "wall_s", "none", variants),
        "rps_over_best_peer": {},
        "p99_down_over_up": _over(variants, "p99_ms", "overlap", ["overlap-down"]),
    }
    for key, on, off in _COSTS:
        found[f"{key}_cost"] = _share(variants, "rps", on, off)
        found[f"{key}_cpu_cost"] = _share(variants, "cpu_us", off, on)
    if (best := best_peer(variants)) is not None:
        ours = [name for name in variants if name.startswith("overlap")]
        found["rps_over_best_peer"] = _over(variants, "rps", best, ours)
    return {key: values for key, values in found.items() if values}


def best_peer(variants: Mapping[str, Summary]) -> str | None:
    """Return the peer with the highest req/s on `/`; None if none was measured."""
    rates = {name: variants[name].get("rps") for name in peers(list(variants))}
    return max(
        (name for name in rates if rates[name]), key=lambda name: rates[name] or 0, default=None
    )


def _over(
    variants: Mapping[str, Summary], key: str, base: str, names: Iterable[str]
) -> dict[str, float]:
    below = variants.get(base, {}).get(key)
    result = {}
    for name in names:
        above = variants.get(name, {}).get(key)
        if name != base and above is not None and below:
            result[name] = round(above / below, 3)
    return result


def _share(variants: Mapping[str, Summary], key: str, less: str, more: str) -> dict[str, float]:
    part, whole = (variants.get(name, {}).get(key) for name in (less, more))
    return {"overlap": round(1 - part / whole, 4)} if part and whole else {}


def _rounded(value: float) -> float:
    # Four digits: more than a load on loopback can measure.
    return float(f"{value:.4g}") if abs(value) < 1000 else float(round(value))
