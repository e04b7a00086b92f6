"""Traces in a project's own tests: record what a test does, in memory, and assert its shape.

`traced` is a fixture of the pytest plugin; `record()` does the same in any test. Names are imported
on first use, so that the plugin costs nothing in tests that do not use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.testing.recorded_trace import Seen
    from overlap.testing.recorder import NothingTraced, Recorder, SeveralTraces
    from overlap.testing.recording import record
    from overlap.testing.strict.report import BlockedLoop

__all__ = ["BlockedLoop", "NothingTraced", "Recorder", "Seen", "SeveralTraces", "record"]

_HOMES = {
    "BlockedLoop": "overlap.testing.strict.report",
    "NothingTraced": "overlap.testing.recorder",
    "Recorder": "overlap.testing.recorder",
    "SeveralTraces": "overlap.testing.recorder",
    "Seen": "overlap.testing.recorded_trace",
    "record": "overlap.testing.recording",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overlap.testing' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
