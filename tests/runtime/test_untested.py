"""The sentence on what Overlap is not tested on."""

import logging
import sys

import pytest

from overlap.runtime.untested import untested, warn_if_untested


@pytest.fixture(autouse=True)
def _tested(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")


def test_what_is_tested_has_no_sentence(caplog):
    """CPython on Linux, with the GIL."""
    warn_if_untested()
    assert caplog.messages == []


def test_a_free_threaded_build_is_said_once(monkeypatch, caplog):
    """Since 3.13 such builds report that the GIL is off."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with caplog.at_level(logging.WARNING):
        warn_if_untested()
    assert caplog.messages == ["Overlap is not tested on free-threaded builds of Python"]


@pytest.mark.parametrize(("name", "said"), [("win32", "Windows"), ("darwin", "macOS")])
def test_a_platform_it_is_only_written_for_is_named(monkeypatch, name, said):
    """And a Python newer than any that was tried."""
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert untested() == ["Python 3.99", f"{said}, for which it is written"]
