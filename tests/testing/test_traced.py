"""The `traced` fixture in a project of its own: every client, no leak, and pictures of failures."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def passed(done: subprocess.CompletedProcess[str]) -> int:
    """How many tests passed; none may have failed."""
    assert done.returncode == 0, done.stdout + done.stderr
    match = re.search(r"(\d+) passed", done.stdout)
    assert match, done.stdout
    return int(match[1])


def test_every_way_to_test_a_view(run):
    """Sync and async clients, a loop of the test's own, anyio, ASGI transports, TestCase."""
    assert passed(run("suite_clients.py")) > 15


def test_several_workers(run):
    """pytest-xdist: each worker records by itself."""
    assert passed(run("suite_clients.py", "-n", "2")) > 15


def test_telemetry_switched_off(run):
    """What switches off or thins out sending does not touch what a test records."""
    off = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_SAMPLER": "always_off"}
    assert passed(run("suite_clients.py", "-k", "client", **off)) > 3


def test_nothing_leaks(run):
    """Providers, handlers, settings and logging are as before; spans of one test in it only."""
    assert passed(run("suite_leaks.py")) == 8


def test_a_project_that_instruments_itself(run):
    """Its own provider is used; meanwhile nothing is sent."""
    assert passed(run("suite_instrumented.py")) == 2


def test_importing_the_urlconf_blocks_no_recorded_request(run):
    """Django imports it within the first request, which a test of a view is not about."""
    slow = {"DJANGO_SETTINGS_MODULE": "shopsite.slow_settings"}
    assert passed(run("suite_slow_urlconf.py", **slow)) == 1


def test_a_failure_shows_what_happened(run):
    """The waterfall and the verdict stand below the failed assertion, of that test only."""
    done = run("suite_failing.py")
    assert done.returncode == 1
    assert "5 failed" in done.stdout
    parts = re.split(r"^_+ (\S+) _+$", done.stdout, flags=re.M)
    shown = dict(zip(parts[1::2], parts[2::2], strict=True))
    serial = shown["test_serial"]
    assert "assert 'serial' == 'concurrent'" in serial
    assert re.search(r"^-+ traced GET /serial/ -+$", serial, re.M)
    # Hatched where async_to_sync has a loop in another thread, as newer versions of asgiref do.
    assert re.search(r"^├ stock +▸ › +[▞█▉▊▋▌▍▎▏▐▕]+ +\d+ ms$", serial, re.M), serial
    assert "stock and price ran one after another" in serial
    blocked = shown["test_blocked"]
    assert "event loop blocked" in blocked
    assert "shopsite/urls.py:" in blocked
    assert re.search(
        r"^advice: take shopsite/urls\.py:\d+ in \w+ off the event loop", blocked, re.M
    )
    ambiguous = shown["test_ambiguous"]
    assert "SeveralTraces: 2 traces were recorded (<GET /plain/: single" in ambiguous
    assert len(re.findall(r"^-+ traced GET /plain/ -+$", ambiguous, re.M)) == 2
    assert "recorder.py" not in ambiguous, "our frames hide the line of the test"
    assert re.search(r"^-+ traced GET /serial/ -+$", shown["Tests.test_recorded"], re.M)
    assert "- traced" not in shown["test_untraced"]


def test_a_failure_on_a_worker_shows_the_same(run):
    """The picture is also shown by pytest-xdist's workers."""
    done = run("suite_failing.py", "-n", "1", "-k", "test_serial")
    assert "ran one after another" in done.stdout


def test_a_failure_is_drawn_in_ascii_where_the_terminal_has_no_more(run):
    """As `overlap verdict` does."""
    plain = run("suite_failing.py", "-k", "test_serial", PYTHONIOENCODING="ascii")
    assert re.search(r"^\|-stock +\* > +%+", plain.stdout, re.M), plain.stdout


@pytest.mark.parametrize("module", ["django", "opentelemetry", "rich"])
def test_the_plugin_costs_nothing_where_unused(module):
    """What pytest imports at its start imports nothing that takes time."""
    code = f"import sys, overlap.testing.plugin; sys.exit({module!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
