"""The collector's service graph as nodes and edges: who calls whom."""

from __future__ import annotations

from grafana_foundation_sdk.builders import nodegraph
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from grafana.boards import metrics as m
from grafana.boards import panels
from grafana.boards.promql import RANGE, grown
from grafana.boards.queries import table


def panel() -> nodegraph.Panel:
    """Return the graph of services and calls in the time shown."""
    calls = grown(m.EDGES, ("client", "server"), window=RANGE)
    edges = _renamed(_renamed(calls, "client", "source"), "server", "target")
    edges = f'label_join({edges}, "id", " to ", "source", "target")'
    called = _renamed(grown(m.EDGES, ("server",), window=RANGE), "server", "id")
    callers = _renamed(f"0 * {grown(m.EDGES, ('client',), window=RANGE)}", "client", "id")
    nodes = _renamed(f"({called} or on(id) {callers})", "id", "title")
    panel = (
        panels.graph(
            "Who calls whom",
            "Services, with how often each was called, and the calls between them in the time "
            "shown; from spans, by the collector.",
            table(_main_stat(nodes, "id", "title"), "nodes"),
            table(_main_stat(edges, "id", "source", "target"), "edges"),
        )
        .with_transformation(
            DataTransformerConfig(
                "filterFieldsByName",
                options={"include": {"names": ["id", "title", "mainstat", "source", "target"]}},
            )
        )
        .decimals(0)
    )
    # The panel's legend has this field's name.
    return panel.override_by_name("mainstat", [DynamicConfigValue("displayName", "calls")])


def _main_stat(query: str, *by: str) -> str:
    """Return the figure as the label `mainstat`: the panel finds its fields by name."""
    return f'count_values by ({", ".join(by)}) ("mainstat", {query})'


def _renamed(query: str, label: str, name: str) -> str:
    return f'label_replace({query}, "{name}", "$1", "{label}", "(.*)")'
