"""The sums of the last minutes: few of them, however long the time is."""

from overlap.pocket.survey.recent_sums import PARTS, SINGLE, RecentSums
from overlap.survey import Report


def one():
    """The report of a trace."""
    report = Report()
    report.totals.traces = 1
    return report


def counted(sums):
    """How many traces all sums have."""
    return sum(report.totals.traces for report in sums.reports())


def test_an_hour_is_a_dozen_sums():
    """Each minute is kept singly at first, and then with others."""
    sums = RecentSums(60)
    for now in range(1000, 1200):
        sums.add(now, bytes([now % 256]), one(), now)
        sums.tidy(now)
        assert len(sums.reports()) <= SINGLE + PARTS + 2
    assert 60 <= counted(sums) <= 70


def test_a_short_time_ends_soon():
    """One minute is the current one and the one before it."""
    sums = RecentSums(1)
    for now in range(1000, 1020):
        sums.add(now, bytes([now % 256]), one(), now)
        sums.tidy(now)
    assert 1 <= counted(sums) <= 2


def test_what_is_too_old_is_in_no_sum():
    """And what is older than the single minutes can't be summed again."""
    sums = RecentSums(60)
    sums.add(900, b"old", one(), 1000)
    assert counted(sums) == 0
    sums.add(990, b"past", one(), 1000)
    sums.add(1000, b"new", one(), 1000)
    assert counted(sums) == 2
    assert not sums.has(990, b"past")
    assert sums.has(1000, b"new")


def test_a_minute_can_start_again_from_what_is_kept():
    """Dropped traces are not remembered."""
    sums = RecentSums(60)
    for name in (b"a", b"b"):
        sums.add(1000, name, one(), 1000)
    sums.forget({b"b"}.__contains__)
    assert sums.start_again(1000) == {b"b"}
    assert counted(sums) == 0
