"""Medians, totals and ratios: the arithmetic, without a server."""

import os
import time

import pytest

from overlap.bench import ratios
from overlap.bench.comparison import Comparison, Plan
from overlap.bench.figures import Figures, best_peer, summary
from overlap.bench.report.tables import lines
from overlap.bench.server.vitals import processor_s


def test_speed_is_the_median_errors_the_worst_and_spans_the_sum():
    """One bad round in three does not move a speed, and does not hide an error or a loss."""
    rounds = [
        Figures(rps=900.0, error_lines=0, failed=0, spans_made=10, spans_lost=0),
        Figures(rps=100.0, error_lines=7, failed=2, spans_made=12, spans_lost=3),
        Figures(rps=1000.0, error_lines=0, failed=0, spans_made=11, spans_lost=0),
    ]
    found = summary(rounds)
    assert found["rps"] == 900
    assert (found["error_lines"], found["failed"]) == (7, 2)
    assert (found["spans_made"], found["spans_lost"]) == (33, 3)


def test_what_was_not_measured_stays_unknown():
    """No telemetry, no spans: not 0 of them."""
    assert summary([Figures(rps=1.0), Figures(rps=2.0)])["spans_lost"] is None


def test_ratios_are_of_medians_over_stock_django_and_over_the_best_peer():
    """Each ratio can be had again by dividing two figures of the table."""
    variants = {
        "none": {
            "rps": 500.0,
            "sync_rps": 400.0,
            "orm_rps": 300.0,
            "orm_kept_rps": 320.0,
            "wall_s": 4.0,
        },
        "overlap": {
            "rps": 1500.0,
            "p99_ms": 10.0,
            "sync_rps": 1000.0,
            "orm_rps": 450.0,
            "orm_kept_rps": 640.0,
            "wall_s": 1.6,
        },
        "overlap-no-lens": {"rps": 1600.0, "cpu_us": 500.0},
        "overlap-no-watch": {"rps": 1632.0, "cpu_us": 495.0},
        "overlap-down": {"p99_ms": 10.5},
        "stock": {"rps": 300.0, "wall_s": 5.0},
        "elastic": {"rps": 375.0},
    }
    found = ratios(variants)
    assert found["rps_over_none"]["overlap"] == 3.0
    assert found["sync_rps_over_none"] == {"overlap": 2.5}
    assert found["orm_rps_over_none"] == {"overlap": 1.5}
    assert found["orm_kept_rps_over_none"] == {"overlap": 2.0}
    assert found["wall_over_none"] == {"overlap": 0.4, "stock": 1.25}
    assert best_peer(variants) == "elastic"
    assert found["rps_over_best_peer"] == {
        "overlap": 4.0,
        "overlap-no-lens": pytest.approx(4.267, abs=1e-3),
        "overlap-no-watch": pytest.approx(4.352, abs=1e-3),
    }
    assert found["p99_down_over_up"] == {"overlap-down": 1.05}
    assert found["watch_cost"]["overlap"] == pytest.approx(0.0196, abs=1e-4)
    assert found["watch_cpu_cost"]["overlap"] == 0.01
    assert "lens_cpu_cost" not in found
    assert found["lens_cost"]["overlap"] == pytest.approx(0.0625, abs=1e-4)


def test_a_ratio_without_its_base_is_left_out():
    """`--only overlap` measures nothing to compare with, and says no ratio."""
    assert ratios({"overlap": {"rps": 1500.0}}) == {}
    assert best_peer({"overlap": {"rps": 1500.0}}) is None


def test_a_failure_stands_under_the_table_in_one_line():
    """What is missing from the table is told with its reason."""
    comparison = Comparison(Plan([], 1), "a machine", failures={"logfire": "not installed"})
    assert [line.plain for line in lines(comparison)] == ["logfire: not installed", "a machine"]


def test_a_request_s_share_of_the_processor_is_known_of_a_process_that_is_there():
    """Ours has taken some; one that can't be, none."""
    began = processor_s(os.getpid())
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert 0.03 < processor_s(os.getpid()) - began < 5
    assert processor_s(2**22 + 1) is None
