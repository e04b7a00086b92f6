"""What all tests share: where the project is, a span by hand, and that CI skips nothing."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from overlap.trace import Event, Span

pytest_plugins = ["tests.parts"]
# An example takes longer on a busy machine, which is no fault.
settings.register_profile("overlap", parent=settings(), deadline=None)
settings.load_profile("overlap")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail, in CI, what would be skipped: a part that is missing there hides what it proves."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI skips nothing: {report.longrepr}"
    return report


def pytest_collection_modifyitems(config, items):
    """Leave out what needs a newer Python: the gate runs it on the newest one."""
    newer = [item for item in items if _needs(item) > sys.version_info[:2]]
    if newer:
        config.hook.pytest_deselected(items=newer)
        items[:] = [item for item in items if _needs(item) <= sys.version_info[:2]]


def _needs(item: pytest.Item) -> tuple[int, ...]:
    marker = item.get_closest_marker("python")
    return marker.args if marker else ()


T0 = 1_700_000_000_000_000_003


def _span(
    span_id: str, start_ms: float, end_ms: float | None, parent_id: str | None = None, **fields: Any
) -> Span:
    def ns(ms: float) -> int:
        return T0 + round(ms * 1_000_000)

    return Span(
        trace_id="f" * 32,
        span_id=span_id,
        name=fields.pop("name", span_id),
        start_ns=ns(start_ms),
        end_ns=None if end_ms is None else ns(end_ms),
        parent_id=parent_id,
        service=fields.pop("service", "smokehouse"),
        events=tuple(Event(name, ns(ms)) for name, ms in fields.pop("events", ())),
        **fields,
    )


@pytest.fixture(scope="session")
def span() -> Callable[..., Span]:
    """Make a span: id, start and end in ms, parent's id, then Span's own fields."""
    return _span
