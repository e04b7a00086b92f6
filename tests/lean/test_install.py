"""On, off, and not at all."""

import logging

import pytest
from asgiref import sync
from django.core import signals
from django.core.handlers import asgi

from overlap.lean import install, supported_versions


def stock():
    return (
        asgi.ThreadSensitiveContext is sync.ThreadSensitiveContext
        and asgi.sync_to_async is sync.sync_to_async
        and asgi.signals is signals
    )


def test_undo_gives_everything_back():
    """What install() replaced in Django's handler is there again after its undo."""
    undo = install()
    assert not stock()
    undo()
    assert stock()


def test_undo_leaves_what_someone_else_put_there():
    """A patch that came after ours is not ours to take away."""
    undo = install()
    asgi.signals = theirs = object()
    try:
        undo()
        assert asgi.signals is theirs
    finally:
        asgi.signals = signals
    assert stock()


@pytest.mark.parametrize("name", ["DJANGO", "ASGIREF"])
def test_unknown_version_stays_off_and_says_so_once(monkeypatch, caplog, name):
    """With a version outside the tested ones, nothing is changed, and one line tells."""
    monkeypatch.setattr(supported_versions, name, frozenset({"1.0", "1.1"}))
    with caplog.at_level(logging.INFO):
        undo = install()
    assert stock()
    (record,) = caplog.records
    assert "lean stays off" in record.getMessage()
    assert name.lower() in record.getMessage().lower()
    undo()


@pytest.mark.parametrize("version", ["5.2.19", "6.0", "6.1b1", "6.1.dev20260101"])
def test_known_series_are_known_to_the_letter(monkeypatch, version):
    """A pre-release of a known series is of that series."""
    monkeypatch.setattr("django.__version__", version)
    assert supported_versions.unsupported_reason() is None


@pytest.mark.parametrize("version", ["5.1.9", "6.2", "7.0", "5.10", "trunk", ""])
def test_other_series_are_refused(monkeypatch, version):
    """Older, newer and unreadable versions are refused, by number and not by letter."""
    monkeypatch.setattr("django.__version__", version)
    assert "Django is" in supported_versions.unsupported_reason()


def test_handler_patched_by_another_stays_off(monkeypatch, caplog):
    """Someone else's sync_to_async in Django's handler may be relied on: hands off."""
    monkeypatch.setattr(asgi, "sync_to_async", lambda func: func)
    install()
    assert "not as expected" in caplog.text
    assert asgi.signals is signals


def test_installed_twice_stays_once(caplog):
    """A second install() finds the handler taken, says so, and its undo does nothing."""
    first = install()
    second = install()
    assert "not as expected" in caplog.text
    second()
    assert not stock()
    first()
    assert stock()
