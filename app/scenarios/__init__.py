"""The lessons, as data: what to request and when, what the trace must show, and why.

A module a theme; the tutorial's own come first, in its order.
"""

from dataclasses import replace

from app.scenarios import (
    clients,
    cpu,
    crowd,
    durable,
    failing,
    files,
    leaving,
    mail,
    mixing,
    queries,
    servers,
    streams,
    third_party,
    threads,
    three_ways,
    timed,
    tutorial,
)
from overlap import names
from overlap.scenario import Scenario

_ALL: list[Scenario] = [
    *tutorial.LESSONS,
    *mixing.LESSONS,
    *threads.LESSONS,
    *queries.LESSONS,
    *timed.LESSONS,
    *failing.LESSONS,
    *crowd.LESSONS,
    *leaving.LESSONS,
    *clients.LESSONS,
    *third_party.LESSONS,
    *files.LESSONS,
    *mail.LESSONS,
    *streams.LESSONS,
    *cpu.LESSONS,
    *servers.LESSONS,
    *durable.LESSONS,
    *three_ways.LESSONS,
]


def _waiting_for_its_block(lesson: Scenario) -> Scenario:
    """A block's span is sent when its last victim has been let in: after all others."""
    if not lesson.expect.culprit:
        return lesson
    return replace(lesson, wait_for={**lesson.wait_for, names.SPAN_BLOCKED: 1})


SCENARIOS: list[Scenario] = [_waiting_for_its_block(lesson) for lesson in _ALL]
