"""The sentence on what Overlap is not tested on."""

import logging
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError

import pytest

from overlap.runtime import untested as module
from overlap.runtime.untested import TESTED, untested, warn_if_untested


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


@pytest.mark.parametrize("installed", ["5.1.9", "7.0.1", "6.2rc1"])
def test_another_series_of_a_dependency_is_one_sentence(monkeypatch, caplog, installed):
    """Older or newer than those tested; with the series that are."""
    monkeypatch.setattr(
        module, "version", lambda name: installed if name == "Django" else TESTED[name][1]
    )
    with caplog.at_level(logging.WARNING):
        warn_if_untested()
    assert caplog.messages == [f"Overlap is not tested on Django {installed} (but 5.2 to 6.1)"]


@pytest.mark.parametrize("installed", ["5.2", "5.2.19", "6.1.3", "6.0b1"])
def test_a_series_in_between_has_no_sentence(monkeypatch, installed):
    """Whatever its patch release; nor has a package that is not installed."""

    def version(name):
        if name == "uvicorn":
            raise PackageNotFoundError(name)
        return installed if name == "Django" else TESTED[name][0]

    monkeypatch.setattr(module, "version", version)
    assert untested() == []


def test_the_series_are_those_of_the_floors_and_the_lock(root):
    """pyproject.toml's lowest is tested by `make test-lowest`, the lock's newest by all tests."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (root / "requirements-dev.lock").read_text("utf-8")
    for name, (oldest, newest) in TESTED.items():
        (wanted,) = [
            each
            for each in project["dependencies"]
            if re.match(rf"{name}(\[\w+\])?>=", each, re.IGNORECASE)
        ]
        floor = re.search(r">=(\d+\.\d+)", wanted)[1]
        locked = re.findall(rf"^{name}==(\d+\.\d+)", lock, re.IGNORECASE | re.MULTILINE)
        assert (floor, max(locked, key=module._series)) == (oldest, newest), name
