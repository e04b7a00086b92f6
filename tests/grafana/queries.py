"""Every query of every committed dashboard, as a Grafana would send it.

For whoever has real servers to ask: `every_query(values)` gives each query with its template
variables replaced, those of Grafana's own included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

FOLDER = Path(__file__).resolve().parent.parent.parent / "grafana" / "dashboards"
GRAFANAS_OWN = {
    "__interval": "15s",
    "__interval_ms": "15000",
    "__rate_interval": "20s",
    "__range": "1800s",
}
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")


@dataclass(frozen=True)
class PanelQuery:
    """One query of one panel (or, where `panel` begins with `$`, of a variable)."""

    dashboard: str
    """Its uid."""
    panel: str
    source: str
    """The data source's uid: `prometheus`, `loki` or `jaeger`."""
    expr: str
    """PromQL, LogQL, or what follows `/api/traces?` in Jaeger's search."""
    kind: str
    """`range` or `instant` of figures, `lines` of a log, `search` of traces."""
    ref: str = "A"


def dashboards() -> dict[str, dict[str, Any]]:
    """The committed dashboards, by the name of their file."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def every_query(values: Mapping[str, str] | None = None) -> Iterator[PanelQuery]:
    """Each query with its variables replaced: by `values`, or by what the dashboard starts with."""
    for board in dashboards().values():
        known = {**GRAFANAS_OWN, **_current(board), **(values or {})}
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield from _of_variable(board["uid"], variable, known)
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield _of_panel(board["uid"], panel["title"], target, known)


def replaced(text: str, values: Mapping[str, str]) -> str:
    """`text` with `$name` and `${name}` replaced. A name that is not known is an error."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        return match.group() if name.isdigit() else values[name]

    return VARIABLE.sub(value, text)


def _current(board: dict[str, Any]) -> dict[str, str]:
    found = {}
    for variable in board["templating"]["list"]:
        value = variable["current"]["value"]
        is_all = value == ["$__all"]
        found[variable["name"]] = variable["allValue"] if is_all else value
    return found


def _of_panel(uid: str, title: str, target: dict[str, Any], known: Mapping[str, str]) -> PanelQuery:
    source, ref = target["datasource"]["uid"], target["refId"]
    if source == "jaeger":
        asked = {
            key: replaced(str(target[key]), known)
            for key in ("service", "operation", "tags", "limit")
            if key in target
        }
        return PanelQuery(uid, title, source, urlencode(asked), "search", ref)
    expr = replaced(target["expr"], known)
    if source == "loki":
        is_figure = re.match(r"\s*\(?\s*(sum|avg|max|min|count|topk|\w+_over_time)\b", expr)
        kind = target["queryType"] if is_figure else "lines"
    else:
        kind = "instant" if target.get("instant") else "range"
    return PanelQuery(uid, title, source, expr, kind, ref)


def _of_variable(
    uid: str, variable: dict[str, Any], known: Mapping[str, str]
) -> Iterator[PanelQuery]:
    asked = re.fullmatch(r"query_result\((.*)\)", variable["query"], re.DOTALL)
    if asked is None:  # label_values(metric, label)
        asked = re.fullmatch(r"label_values\((.*), \w+\)", variable["query"])
    assert asked is not None, variable["query"]
    expr = replaced(asked.group(1), known)
    yield PanelQuery(uid, f"${variable['name']}", variable["datasource"]["uid"], expr, "instant")
