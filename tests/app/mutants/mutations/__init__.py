"""Mutations that break each scenario's view, one module for each theme, as in app/scenarios."""

from mutations import (
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

THEMES = (
    tutorial,
    mixing,
    threads,
    queries,
    timed,
    failing,
    crowd,
    leaving,
    clients,
    third_party,
    files,
    mail,
    streams,
    cpu,
    servers,
    full,
    durable,
    three_ways,
)
MUTATIONS = [mutation for theme in THEMES for mutation in theme.MUTATIONS]
