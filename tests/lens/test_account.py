"""How a span's time is added up, step by step."""

from __future__ import annotations

import pytest

from overlap.lens.account import MOST_TURNS, Account


def account(**options):
    return Account(None, 0.0, **{"lists_turns": True} | options)


@pytest.mark.parametrize(
    ("steps", "running", "ready"),
    [
        pytest.param([(0, 1, 3)], 2, 1, id="one step"),
        pytest.param([(0, 0, 2), (0, 2, 3)], 3, 0, id="ready while another runs is running"),
        pytest.param([(0, 1, 2), (0.5, 3, 4)], 2, 2, id="ready again as soon as that is over"),
        pytest.param([(0, 1, 2), (5, 6, 7)], 2, 2, id="in between, awaiting"),
        pytest.param([(-5, -4, 1)], 1, 0, id="what was before the span is not its own"),
        pytest.param([(0, 0, 2), (0, 1, 3)], 3, 0, id="no instant twice"),
        pytest.param([(0, 0, 2), (0, 0, 1)], 2, 0, id="nor a step that is counted already"),
    ],
)
def test_each_instant_is_counted_once(steps, running, ready):
    """Running before ready before awaiting."""
    found = account()
    for step in steps:
        found.add(*step)
    assert (found.running, found.ready) == (running, ready)


def test_the_longest_step_keeps_its_line():
    """A shorter one changes nothing."""
    found = account()
    found.add(0, 0, 2, "long", 1.5)
    found.add(2, 3, 4, "short", 0.5)
    assert (found.longest, found.line, found.idle) == (2, "long", 1.5)


def test_turns_close_together_are_one_and_their_number_is_bounded():
    """A million turns are as many as fit, the first and the last among them."""
    found = account()
    found.add(0, 0, 0.01)
    found.add(0.0105, 0.0105, 0.02)
    assert found.turns == [0, 0.02]
    for number in range(1, 100_000):
        found.add(number, number, number + 0.5)
    assert 2 < len(found.turns) <= 2 * MOST_TURNS
    assert (found.turns[0], found.turns[-1]) == (0, 99_999.5)
    assert found.turns == sorted(found.turns)


def test_only_who_is_asked_to_lists_turns():
    """A request does, what is inside of it does not."""
    found = account(lists_turns=False)
    found.add(0, 0, 1)
    assert found.turns is None
