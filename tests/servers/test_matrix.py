"""The committed table of servers, frameworks and OpenTelemetry set-ups is what runs show."""

from __future__ import annotations

from itertools import product

import pytest

from tests.servers import matrix
from tests.servers.matrix import FRAMEWORKS, PAGE, SERVERS, SET_UPS, Combination

EVERYDAY = (
    Combination("uvicorn", "Channels", "own provider before"),
    Combination("hypercorn -w 2", "Django", "own provider after"),
)
"""One of each kind of end; `make matrix` runs them all."""


@pytest.fixture(scope="module")
def written():
    return matrix.read(PAGE.read_text(encoding="utf-8"))


def test_each_pair_of_two_axes_is_in_the_table(written):
    """A selection of all combinations; and the page is as its generator writes it."""
    assert list(written) == matrix.combinations()
    for first, second in (("server", "framework"), ("server", "set_up"), ("framework", "set_up")):
        axes = {"server": SERVERS, "framework": FRAMEWORKS, "set_up": SET_UPS}
        pairs = {(getattr(row, first), getattr(row, second)) for row in written}
        assert pairs == set(product(axes[first], axes[second]))
    assert matrix.page(written) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("row", EVERYDAY, ids=str)
def test_a_row_is_what_its_run_shows(written, row):
    """Served twice, without Overlap and with it."""
    assert matrix.result(row) == written[row]
