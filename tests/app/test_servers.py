"""The scenarios of other servers: gunicorn with three workers, and with threads under WSGI."""

import pytest
from mutations import MUTATIONS

from app.scenarios import SCENARIOS

pytestmark = pytest.mark.slow

SERVED_ELSEWHERE = {
    scenario.name: scenario
    for scenario in SCENARIOS
    if scenario.server and scenario.server != "postgresql"  # tests/app/test_postgresql.py
}


@pytest.fixture(
    scope="module", params=sorted({scenario.server for scenario in SERVED_ELSEWHERE.values()})
)
def server(request, start_broken):
    """Each of the servers, with a broken copy of each view beside the real ones."""
    with start_broken(request.param) as running:
        yield running


def test_scenarios_show_what_they_expect(server):
    """Each scenario of the server, on the real views."""
    for scenario in SERVED_ELSEWHERE.values():
        if scenario.server in server.servers:
            assert server.play(scenario).problems == [], scenario.name


def test_verdicts_change_when_the_views_are_broken(server):
    """Each scenario of the server, on a broken view."""
    for mutation in MUTATIONS:
        scenario = SERVED_ELSEWHERE.get(mutation.scenario)
        if scenario and scenario.server in server.servers:
            mutation.check(server.play(mutation.broken(scenario)))
