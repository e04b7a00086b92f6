"""What counts as a block, decided on made-up samples."""

from __future__ import annotations

import pytest

from overlap.instrument.loop.block_detector import BlockCandidate, Sample

THRESHOLD = 0.1


def sample(at, **times):
    return Sample(at=at, beat=0.0, running="a task", **times)


def candidate(*samples):
    found = BlockCandidate(samples[0], since=0.0)
    for each in samples[1:]:
        found.add(each)
    return found


@pytest.mark.parametrize(
    ("samples", "confirmed"),
    [
        pytest.param([sample(0.07), sample(0.11)], True, id="twice, and long enough"),
        pytest.param([sample(0.05), sample(0.08)], False, id="not long enough"),
        pytest.param([sample(0.5)], False, id="seen once only"),
        pytest.param(
            [sample(0.07), sample(0.5, starved=0.41)], False, id="the whole process stood still"
        ),
        pytest.param([sample(0.07), sample(0.5, starved=0.2)], True, id="long enough beside that"),
        pytest.param(
            [sample(0.5, locked_out=0.45)],
            True,
            id="C code that locked_out the interpreter, seen once",
        ),
        pytest.param([sample(0.5, collected=0.45)], True, id="a full collection, seen once"),
        pytest.param([sample(0.5, collected=0.05)], False, id="a short collection, seen once"),
    ],
)
def test_a_block_needs_evidence(samples, confirmed):
    """Two samples of one callback, long enough beyond what starvation explains."""
    assert candidate(*samples).confirmed(samples[-1].at, THRESHOLD) is confirmed
