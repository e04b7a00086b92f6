"""Two variants turn about: the arithmetic, and one short run of real servers."""

import json
import os
import shutil
import subprocess
import sys
from math import comb

import pytest

from overlap.bench import VARIANTS, checkout, only_one
from overlap.bench.pair import Pair, Side, confidence_interval
from overlap.errors import OverlapError

pytestmark = pytest.mark.slow


def bench_pair(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "bench", "pair", *arguments],
        cwd=root, env=os.environ, capture_output=True, check=False, text=True, timeout=90,
    )  # fmt: skip


def sides(first, second):
    made = Side(VARIANTS["lean"], first), Side(VARIANTS["none"], second)
    return Pair(*made, "/", 1, "a machine")


@pytest.mark.parametrize("count", [6, 7, 10, 20, 40, 101])
def test_the_median_lies_between_in_95_of_100_cases_and_no_narrower_bounds_would_do(count):
    """The tables of the sign test: 1 of 6, 2 of 10, 6 of 20, 14 of 40."""
    low, high = confidence_interval([*range(1, count + 1)])
    assert low + high == count + 1
    below = sum(comb(count, number) for number in range(low))
    assert 2 * below <= 0.05 * 2**count < 2 * (below + comb(count, low))
    assert low == {6: 1, 10: 2, 20: 6, 40: 14}.get(count, low)


def test_of_a_few_turns_it_lies_between_the_least_and_the_most():
    """Which is all that can be said of them."""
    assert confidence_interval([3.0]) == (3.0, 3.0)
    assert confidence_interval([3.0, 1.0, 2.0, 9.0, 4.0]) == (1.0, 9.0)


def test_the_ratio_is_within_a_turn_so_that_a_drift_of_the_machine_does_not_count():
    """The machine slows to a third; the first is ahead by a tenth all the while."""
    speeds = [3000.0 - 50 * turn for turn in range(40)]
    found = sides([1.1 * speed for speed in speeds], speeds).as_dict()
    assert found["rps_ratio"] == 1.1
    assert found["between"] == [1.1, 1.1]
    assert found["cpu_ratio"] is None


def test_the_processor_time_has_an_interval_too():
    """Of the ratios within a turn, as that of the rate; a turn without a figure has none."""
    found = sides([1.0] * 6, [1.0] * 6)
    assert found.as_dict()["cpu_between"] is None
    found.first.cpu_by_turn = [1.1e-4, 1.2e-4, 1.3e-4, 1.4e-4, 1.5e-4, 1.6e-4, 9.0]
    found.second.cpu_by_turn = [1e-4] * 6
    assert found.as_dict()["cpu_between"] == [1.1, 1.6]


def test_of_several_starts_each_is_one_value():
    """Turns of the same two processes are not independent: six starts of two turns are six."""
    ratios = [1.0, 1.2, 2.0, 2.2, 3.0, 3.2, 4.0, 4.2, 5.0, 5.2, 6.0, 6.2]
    found = sides(ratios, [1.0] * 12)
    found.started_at = [0, 2, 4, 6, 8, 10]
    found.first.cpu_by_turn, found.second.cpu_by_turn = ratios, [1.0] * 12
    figures = found.as_dict()
    assert (figures["turns"], figures["starts"], figures["rps_ratio"]) == (12, 6, 3.6)
    assert figures["between"] == figures["cpu_between"] == [1.1, 6.1]


def test_a_start_that_was_stopped_before_its_first_turn_counts_nothing():
    """Ctrl-C came while the servers started."""
    found = sides([1.0, 3.0], [1.0, 1.0])
    found.started_at = [0, 2]
    assert found.as_dict()["rps_ratio"] == 2.0


def test_a_load_without_its_other_is_no_turn():
    """Ctrl-C came between the two."""
    found = sides([1100.0, 1.0], [1000.0]).as_dict()
    assert (found["turns"], found["rps_ratio"]) == (1, 1.1)


def test_real_servers_are_loaded_alternate(root):
    """Both up at once; the second begins the second turn."""
    done = bench_pair(root, "lean", "raw", "--turns", "2", "--starts", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["turns"], found["starts"]) == (2, 2)
    assert done.stderr.count("lean warms up") == 2
    assert 0 < found["rps_ratio"] < 1 < found["cpu_ratio"]
    assert 1 < found["cpu_between"][0] <= found["cpu_between"][1]
    assert [side["variant"] for side in found["sides"]] == ["lean", "raw"]
    turns = [line for line in done.stderr.splitlines() if line.startswith("turn")]
    assert [line.split(", ")[1] for line in turns] == ["lean", "raw", "raw", "lean"]


def test_what_is_not_answered_well_is_not_measured(root):
    """A 404 is fast."""
    done = bench_pair(root, "none", "none", "--turns", "1", "--path", "no/such/")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "none: " in done.stderr
    assert "requests failed" in done.stderr


@pytest.mark.parametrize("name", ["", "none,raw", "overlab"])
def test_each_side_is_one_variant(name):
    """A typing error costs no measurement."""
    with pytest.raises(OverlapError):
        only_one(name)


def another_checkout(root, folder):
    """Return a copy of this one, without the history and the environment."""
    shutil.copytree(root / "overlap", folder / "overlap", ignore=shutil.ignore_patterns("__py*"))
    return folder


def test_the_second_is_served_from_another_checkout(root, tmp_path):
    """There the view is broken, and only the second side notices."""
    folder = another_checkout(root, tmp_path / "older")
    (folder / "overlap/bench/site/views.py").write_text("broken = here\n")
    done = bench_pair(root, "lean", "lean", "--turns", "1", "--against", str(folder))
    assert done.returncode == 2
    assert "lean of older: " in done.stderr
    assert "requests failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_both_names_are_shown_with_the_checkout_of_the_second(root, tmp_path):
    """The folder's name stands for a checkout that git does not know."""
    folder = another_checkout(root, tmp_path / "older")
    options = ("--turns", "2", "--against", str(folder), "--json")
    found = json.loads(bench_pair(root, "raw", "raw", *options).stdout)
    assert [side["checkout"] for side in found["sides"]] == [None, "older"]
    assert 0.2 < found["rps_ratio"] < 5


def test_a_checkout_is_named_after_its_commit(root):
    """Which is what a table of figures needs."""
    assert checkout(root).name in subprocess.check_output(
        ["git", "-C", str(root), "rev-parse", "HEAD"], text=True
    )


def test_its_own_environment_serves_a_checkout_that_has_one(root, tmp_path):
    """The dependencies of that time; otherwise those of this one."""
    folder = another_checkout(root, tmp_path)
    assert checkout(folder).python == sys.executable
    own = folder / ".venv/bin/python"
    own.parent.mkdir(parents=True)
    own.symlink_to(sys.executable)
    assert checkout(folder).python == str(own)


def test_a_folder_without_a_bench_is_refused_in_one_sentence(root, tmp_path):
    """A typing error costs no measurement."""
    done = bench_pair(root, "raw", "raw", "--against", str(tmp_path))
    assert done.returncode == 2
    assert "is no checkout of Overlap with a bench" in done.stderr
    assert "Traceback" not in done.stderr
