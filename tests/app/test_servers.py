"""The lessons of other servers: gunicorn with three workers, and Django's development server."""

import pytest
from mutations import MUTATIONS

from app.scenarios import SCENARIOS

LESSONS = {scenario.name: scenario for scenario in SCENARIOS if scenario.server}


@pytest.fixture(scope="module", params=sorted({lesson.server for lesson in LESSONS.values()}))
def server(request, start_broken):
    """Each of the servers, with a broken copy of each view beside the real ones."""
    with start_broken(request.param) as running:
        yield running


def test_lessons_show_what_they_expect(server):
    """Each lesson of the server, on the real views."""
    for lesson in LESSONS.values():
        if lesson.server in server.servers:
            assert server.play(lesson).problems == [], lesson.name


def test_verdicts_change_when_the_views_are_broken(server):
    """Each lesson of the server, on a broken view."""
    for mutation in MUTATIONS:
        lesson = LESSONS.get(mutation.lesson)
        if lesson and lesson.server in server.servers:
            mutation.check(server.play(mutation.broken(lesson)))
