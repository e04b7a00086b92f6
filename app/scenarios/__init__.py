"""The lessons, as data: what to request and when, what the trace must show, and why.

A module a theme; the tutorial's own come first, in its order.
"""

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
from overlap.scenario import Scenario

SCENARIOS: list[Scenario] = [
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
