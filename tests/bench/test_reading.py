"""What other programs print is read right: wrk's summary, a server's log."""

import pytest

from overlap.bench.load.saturation import percentile, read_wrk
from overlap.bench.server.log import error_lines
from overlap.bench.server.process import Failed

WRK = """Running 1s test @ http://127.0.0.1:1/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    16.11ms    4.62ms  61.43ms   89.05%
    Req/Sec     1.00k   102.30     1.16k    80.00%
  Latency Distribution
     50%   15.04ms
     75%   16.79ms
     90%   20.24ms
     99%   {p99}
  1002 requests in 1.01s, 190.81KB read
{more}Requests/sec:    995.52
Transfer/sec:    189.58KB
"""


@pytest.mark.parametrize(
    ("printed", "ms"), [("36.79ms", 36.79), ("812.00us", 0.812), ("1.20s", 1200.0)]
)
def test_wrks_summary_is_read_in_any_unit(printed, ms):
    """wrk chooses the unit of its percentiles."""
    found = read_wrk(WRK.format(p99=printed, more=""))
    assert (found.rps, found.failed) == (995.52, 0)
    assert found.p99_ms == pytest.approx(ms)


def test_answers_that_are_no_success_are_counted():
    """A server that answers 500 quickly is not fast."""
    more = (
        "  Socket errors: connect 0, read 2, write 0, timeout 1\n  Non-2xx or 3xx responses: 40\n"
    )
    assert read_wrk(WRK.format(p99="1.00ms", more=more)).failed == 43


def test_what_wrk_says_instead_is_told():
    """No summary: the reason is wrk's own last line."""
    with pytest.raises(Failed, match="unable to connect"):
        read_wrk("unable to connect to 127.0.0.1:1 Connection refused\n")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "WARNING django.request Not Found: /\nINFO x y\n"),
        (1, "ERROR django.request boom\nTraceback (most recent call last):\n  File\nOSError: x\n"),
        (1, 'Traceback (most recent call last):\n  File "x"\nValueError: x\n'),
        (
            2,
            "Traceback (most recent call last):\n  File\nValueError: x\n"
            "Traceback (most recent call last):\n  File\nKeyError: x\n",
        ),
        (
            1,
            "ERROR asyncio Task exception was never retrieved\nfuture: <Task>\n"
            "Traceback (most recent call last):\n  File\nKeyError: 'x'\n\n"
            "During handling of the above exception, another exception occurred:\n\n"
            "Traceback (most recent call last):\n  File\nOSError\n",
        ),
        (1, '{"event": "x", "level": "error"}\n{"event": "y", "level": "info"}\n'),
        (1, "2026-11-22T21:00:00Z [\x1b[31merror    \x1b[0m] Failed to detach context\n"),
        (1, "Exception ignored in: <f>\nTraceback (most recent call last):\n  File\nE: x\n"),
    ],
)  # fmt: skip
def test_each_error_of_a_log_counts_once(count, text):
    """A record and its traceback are one error, in each format a variant may write."""
    assert error_lines(text) == count


def test_percentile_is_a_value_that_was_measured():
    """The nearest rank: of a hundred, the ninety-ninth."""
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
