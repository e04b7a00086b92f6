"""The pytest plugin: the fixture `traced`, and the picture of a failed test's traces.

pytest imports this module in every run where Overlap is installed, so it imports nothing that
takes time: no Django, no OpenTelemetry.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from overlap.testing.recorder import Recorder

SHOWN = 3
"""Traces that are drawn in a failure."""
_RECORDING = "overlap.testing.recording"


@pytest.fixture
def traced() -> Iterator[Recorder]:
    """Record what the test does as traces: `assert traced.shape == "concurrent"`.

    In this process and in memory; no server or backend is needed. See overlap.testing.
    """
    from overlap.testing.recording import record

    with record() as recorder:
        yield recorder


def pytest_runtest_setup() -> None:
    """Forget the recordings of the test before."""
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
            # A part of the failure where it has parts, as it has unless --tb=native.
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
        except Exception as error:  # the failure itself must be reported whatever is wrong here
            drawn = f"it can't be drawn: {error!r}"
        yield f"traced {clean(each.name)}", drawn
    if len(seen) > SHOWN:
        yield "traced", f"and {len(seen) - SHOWN} more traces"
