"""Proof by mutation: a view that is broken changes its scenario's verdict."""

import pytest
from mutations import MUTATIONS

from app.scenarios import SCENARIOS

pytestmark = pytest.mark.slow

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def broken(start_broken):
    """The demo, with a broken copy of each view beside it."""
    with start_broken() as running:
        yield running


@pytest.mark.parametrize(
    "mutation",
    [mutation for mutation in MUTATIONS if not BY_NAME[mutation.scenario].server],
    ids=lambda mutation: mutation.name,
)
def test_verdict_changes_when_the_view_is_broken(broken, mutation):
    """A scenario played on a broken view fails, with the expected problem."""
    mutation.check(broken.play(mutation.broken(BY_NAME[mutation.scenario])))


def test_every_scenario_has_a_mutation():
    """No scenario stands without a broken view that its verdict tells from the real one."""
    assert {mutation.scenario for mutation in MUTATIONS} == set(BY_NAME)
