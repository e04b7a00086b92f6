"""Who calls whom: the collector's service graph as nodes and edges."""

from __future__ import annotations

from grafana_foundation_sdk.builders import nodegraph
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from grafana.boards import metrics as m
from grafana.boards import panels
from grafana.boards.promql import RANGE, grown
from grafana.boards.queries import table


def panel() -> nodegraph.Panel:
    """Services, and the calls between them in the time shown."""
    calls = grown(m.EDGES, ("client", "server"), window=RANGE)
    edges = _renamed(_renamed(calls, "client", "source"), "server", "target")
    edges = f'label_join({edges}, "id", " to ", "source", "target")'
    called = _renamed(grown(m.EDGES, ("server",), window=RANGE), "server", "id")
    callers = _renamed(f"0 * {grown(m.EDGES, ('client',), window=RANGE)}", "client", "id")
    return (
        panels.graph(
            "Who calls whom",
            "Services, with how often each was called, and the calls between them in the time "
            "shown; from spans, by the collector.",
            table(_renamed(f"({called} or on(id) {callers})", "id", "title"), "nodes"),
            table(edges, "edges"),
        )
        .with_transformation(
            DataTransformerConfig(
                "organize",
                options={
                    "renameByName": {
                        "Value #nodes": "mainstat",
                        "Value #edges": "mainstat",
                    },
                    "excludeByName": {"Time": True, "client": True, "server": True},
                    "indexByName": {},
                },
            )
        )
        .decimals(0)
    )


def _renamed(query: str, label: str, name: str) -> str:
    return f'label_replace({query}, "{name}", "$1", "{label}", "(.*)")'
