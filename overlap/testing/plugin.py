"""The pytest plugin: the fixture `traced`, a picture of a failed test's traces, findings for CI.

pytest imports this module in every run if Overlap is installed, so it imports nothing that is
slow to import, such as Django or OpenTelemetry.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from overlap.testing.recorder import Recorder

SHOWN = 3
"""How many traces are drawn below a failure."""
MOST_CHARACTERS = 1000
"""The most characters of a sentence below a failure."""
_RECORDING = "overlap.testing.recording"


@pytest.fixture
def traced() -> Iterator[Recorder]:
    """Record what the test does as traces: `assert traced.shape == "concurrent"`.

    It records in this process and in memory; no server or backend is needed. See
    overlap.testing.
    """
    from overlap.testing.recording import record

    with record() as recorder:
        yield recorder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of findings for CI."""
    group = parser.getgroup("overlap", "Overlap: findings in traced tests")
    group.addoption(
        "--overlap-sarif",
        metavar="FILE",
        help="Write what blocks, is lost or could be faster in traced tests, as SARIF.",
    )
    group.addoption(
        "--overlap-acknowledged",
        metavar="FILE",
        help="Fail for a finding that this file does not acknowledge, or not any more.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect findings if an option asks for them."""
    if config.getoption("--overlap-sarif") or config.getoption("--overlap-acknowledged"):
        from overlap.testing.ci_findings import FindingsPlugin

        config.pluginmanager.register(FindingsPlugin(config), "overlap-findings")


def pytest_runtest_setup() -> None:
    """Discard the recordings of the previous test."""
    if (recording := sys.modules.get(_RECORDING)) is not None:
        recording.RECENT.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Draw what was recorded below the failure."""
    report = yield
    recording = sys.modules.get(_RECORDING)
    if report.failed and call.when == "call" and recording is not None:
        for title, text in _pictures(recording.RECENT, item.config):
            # A section of the failure itself, if it has sections: with --tb=native it has none.
            add = getattr(report.longrepr, "addsection", None)
            if add is not None:
                add(title, text)
            else:
                report.sections.append((title, text))
    return report


def _pictures(recorders: list[Recorder], config: pytest.Config) -> Iterator[tuple[str, str]]:
    from overlap.draw import clean

    terminal = config.get_terminal_writer()
    encoding = getattr(terminal._file, "encoding", None) or "utf-8"
    seen: dict[str, Any] = {
        each.trace.trace_id: each for recorder in recorders for each in recorder.traces
    }
    for each in list(seen.values())[:SHOWN]:
        try:
            drawn = each.draw(width=terminal.fullwidth, encoding=encoding)
        except Exception as error:  # the failure must be reported even if drawing fails
            drawn = f"this trace can't be drawn: {error!r}"
        yield f"traced {clean(each.name)}", drawn
    for words in dict.fromkeys(each for one in recorders for each in one.other_connections):
        yield "traced: two connections", clean(words, longest=MOST_CHARACTERS)
    if len(seen) > SHOWN:
        yield "traced", f"and {len(seen) - SHOWN} more traces"
