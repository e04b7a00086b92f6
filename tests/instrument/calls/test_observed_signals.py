"""Signals that are observed without a receiver."""

from __future__ import annotations

import asyncio

import pytest
from django.dispatch import Signal

from overlap.instrument.calls.observed_signals import observe_signal


@pytest.fixture
def observed():
    """A signal, what an observer of it was called with, and the undoing."""
    signal, calls = Signal(), []
    undo = observe_signal(signal, lambda **named: calls.append(named))
    yield signal, calls, undo
    undo()


@pytest.mark.parametrize("send", ["send", "send_robust", "asend", "asend_robust"])
def test_an_observer_gets_what_a_receiver_gets(observed, send):
    """Whichever way the signal is sent; receivers and responses are as without it."""
    signal, calls, _ = observed
    got = []

    def receiver(**named):
        got.append(named)
        return "seen"

    signal.connect(receiver)
    answer = getattr(signal, send)(sender="us", number=1)
    responses = asyncio.run(answer) if send.startswith("a") else answer
    assert responses == [(receiver, "seen")]
    assert calls == got == [{"signal": signal, "sender": "us", "number": 1}]


def test_an_observer_is_no_receiver(observed):
    """Django asks whether there are receivers, and other tools wrap each of them."""
    signal, _, _ = observed
    assert not signal.has_listeners()
    assert not signal.receivers


def test_an_error_of_an_observer_reaches_nobody():
    """The signal is sent all the same."""
    signal, got = Signal(), []

    def receiver(**_named):
        got.append(1)

    signal.connect(receiver)
    undo = observe_signal(signal, lambda **_named: 1 / 0)
    try:
        signal.send(None)
    finally:
        undo()
    assert got == [1]


def test_other_senders_are_not_observed():
    """By identity, as Django compares them."""
    signal, calls = Signal(), []
    undo = observe_signal(signal, lambda sender, **_named: calls.append(sender), sender=Signal)
    signal.send(Signal)
    signal.send(list)
    signal.send(None)
    undo()
    assert calls == [Signal]


def test_two_observers_end_in_any_order(observed):
    """The first to end is not the last that began, and is called no more."""
    signal, first, undo = observed
    second = []
    undo_second = observe_signal(signal, lambda **_named: second.append(1))
    undo()
    signal.send(None)
    assert (len(first), len(second)) == (0, 1)
    undo_second()
    signal.send(None)
    assert (len(first), len(second)) == (0, 1)
