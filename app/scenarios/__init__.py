"""The demo's scenarios, as data: what to request and when, what the trace must show, and why.

There is one module for each theme. The tutorial's own scenarios come first, in its order.
"""

from dataclasses import replace

from app.scenarios import (
    clients,
    cpu,
    crowd,
    durable,
    failing,
    files,
    full,
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
    *tutorial.SCENARIOS,
    *mixing.SCENARIOS,
    *threads.SCENARIOS,
    *queries.SCENARIOS,
    *timed.SCENARIOS,
    *failing.SCENARIOS,
    *crowd.SCENARIOS,
    *leaving.SCENARIOS,
    *clients.SCENARIOS,
    *third_party.SCENARIOS,
    *files.SCENARIOS,
    *mail.SCENARIOS,
    *streams.SCENARIOS,
    *cpu.SCENARIOS,
    *servers.SCENARIOS,
    *full.SCENARIOS,
    *durable.SCENARIOS,
    *three_ways.SCENARIOS,
]


def _wait_for_block_span(scenario: Scenario) -> Scenario:
    """Wait for a block's span too: it is sent last, once its last victim has been handled."""
    if not scenario.expect.culprit:
        return scenario
    return replace(scenario, wait_for={**scenario.wait_for, names.SPAN_BLOCKED: 1})


SCENARIOS: list[Scenario] = [_wait_for_block_span(scenario) for scenario in _ALL]
