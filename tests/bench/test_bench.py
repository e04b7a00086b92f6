"""`overlap bench` for real, as short as it gets: real servers, real loads, no claim on speed."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from overlap.bench import VARIANTS, Loads, Plan, choose, compare
from overlap.bench.load.saturation import full_load
from overlap.bench.server.process import Server, running_sink
from overlap.bench.server.variants import Variant
from overlap.errors import OverlapError

pytestmark = pytest.mark.slow

SHORT = ["--rounds", "1", "--seconds", "1", "--in-flight", "40", "--disconnects", "10"]
CONTRACT = {"rps", "p99_ms", "threads", "rss_mb", "wall_s", "error_lines", "spans_lost"}


def bench(*arguments):
    return [sys.executable, "-m", "overlap", "bench", *arguments]


@pytest.fixture(scope="module")
def compared():
    """One round of ours, of one that is not installed and of one whose server dies at its start."""
    variants = [
        Variant("absent", "needs what is nowhere", needs=("no_such_module_anywhere",)),
        Variant("broken", "its server knows no such variant"),
        VARIANTS["overlap"],
    ]
    told = []
    plan = Plan(variants, 1, Loads(1, 40, 10), pocket=True)
    return compare(plan, lambda _: None, told.append), told


def test_json_holds_every_figure_of_each_variant(root):
    """The contract: variants by name with their figures, and ratios between them."""
    done = subprocess.run(
        bench("--only", "raw,none", *SHORT, "--json"),
        cwd=root, env=os.environ, capture_output=True, check=False, text=True, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["variants"]) == {"raw", "none"}
    for figures in found["variants"].values():
        assert set(figures) >= CONTRACT
        assert figures["rps"] > 0
        assert figures["cpu_us"] > 0
        assert figures["wall_s"] > 1.0  # the view waits for a second
        assert figures["failed"] == figures["error_lines"] == 0
        assert figures["disconnected"] == 10
    assert found["variants"]["none"]["orm_rps"] > 0
    assert found["variants"]["none"]["orm_kept_rps"] > 0
    assert found["ratios"]["rps_over_none"]["raw"] > 0
    assert found["failures"] == {}
    assert "raw: req/s on /" in done.stderr


def test_every_span_of_ours_is_made_and_received(compared):
    """Each request that reaches the server, of every load, is one server span at pocket."""
    figures = compared[0].medians["overlap"]
    assert figures["spans_made"] > 200
    assert figures["spans_received"] == figures["spans_made"]
    assert figures["spans_lost"] == 0


def test_a_variant_that_fails_is_told_in_one_line_and_ends_no_other(compared):
    """What could not be measured has a reason; what could, its figures."""
    found, told = compared
    assert list(found.medians) == ["overlap"]
    assert [line.partition(":")[0] for line in told] == ["absent", "broken"]
    assert "no_such_module_anywhere" in told[0]
    assert "the server ended at its start: KeyError: 'broken'" in told[1]
    assert all("\n" not in line for line in told)


def test_ctrl_c_ends_every_process_it_started(root):
    """No server and no sink outlives the command."""
    process = subprocess.Popen(
        bench("--only", "raw", "--rounds", "50"),
        cwd=root, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    started = []
    try:
        deadline = time.monotonic() + 30
        # The sink, the server, and what loads it.
        while len(started) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            started = psutil.Process(process.pid).children(recursive=True)
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []


def test_ctrl_c_loses_nothing_that_was_measured(root):
    """Rounds that are over by then make the answer, which says that it was stopped."""
    process = subprocess.Popen(
        bench("--only", "raw", *SHORT[2:], "--rounds", "50", "--json"),
        cwd=root, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for line in process.stderr:
            if line.startswith("round 2 of 50, raw"):
                break
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    found = json.loads(told)
    assert found["stopped"] is True
    assert len(found["rounds"]["raw"]) == 1
    assert found["variants"]["raw"]["rps"] > 0


def test_an_unknown_variant_is_refused_with_the_known_ones():
    """A typing error costs no measurement."""
    with pytest.raises(OverlapError, match=r"no variant overlab; there are raw, none, lean"):
        choose("none,overlab")


def test_a_burst_without_an_app_is_one_sentence(root):
    """`overlap bench burst` needs the demo, and says so."""
    done = subprocess.run(
        bench("burst", "--app-url", "http://127.0.0.1:9", "--at-once", "1"),
        cwd=root, env=os.environ, capture_output=True, check=False, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the app does not answer at http://127.0.0.1:9/smoke_some_meats/" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_wrk_the_bundled_loader_makes_the_load(tmp_path):
    """httpx over as many connections, for as long."""
    with running_sink() as sink, Server(VARIANTS["raw"], sink, tmp_path) as server:
        before = server.served()
        load = full_load(server.url, 1, by="httpx")
        assert load.rps > 0
        assert load.failed == 0
        assert server.served() - before > 16
