"""The dashboards for a Grafana of one's own: imported by file, which asks for the data sources.

The format is that of Grafana's own "export for sharing externally": `__inputs` are what the import
asks for, and `${NAME}` in any string is replaced by what was answered.
"""

from __future__ import annotations

import json
from typing import Any

from grafana.boards import links

SOURCES = {"prometheus": "Prometheus", "loki": "Loki", "jaeger": "Jaeger"}
"""The data sources' uids in this repository, which are their plugins' ids too."""
ADDRESSES = {
    "VAR_DEMO_URL": ("Where a browser finds the app", links.APP_URL.rstrip("/")),
    "VAR_JAEGER_URL": ("Where a browser finds Jaeger", links.JAEGER_URL),
    "VAR_PAGE_URL": ("Where a browser finds overlap page", links.PAGE_URL),
}
GRAFANA_AT_LEAST = "9.0.0"


def importable(text: str) -> str:
    """Return a dashboard's JSON with inputs in place of its data sources and addresses."""
    board: dict[str, Any] = json.loads(text)
    used: set[str] = set()
    board = _replaced(board, used)
    inputs = [_source_input(uid) for uid in SOURCES if uid in used]
    inputs += [
        {"name": name, "label": label, "description": "", "type": "constant", "value": url}
        for name, (label, url) in ADDRESSES.items()
    ]
    panels = sorted({panel["type"] for panel in board["panels"]} - {"row"})
    requires = [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA_AT_LEAST},
        *(
            {"type": "datasource", "id": uid, "name": name, "version": "1.0.0"}
            for uid, name in SOURCES.items()
            if uid in used
        ),
        *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in panels),
    ]
    made = {"__inputs": inputs, "__elements": {}, "__requires": requires, "id": None, **board}
    return json.dumps(made, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def _source_input(uid: str) -> dict[str, str]:
    return {
        "name": f"DS_{uid.upper()}",
        "label": SOURCES[uid],
        "description": "",
        "type": "datasource",
        "pluginId": uid,
        "pluginName": SOURCES[uid],
    }


def _replaced(value: Any, used: set[str]) -> Any:
    if isinstance(value, list):
        return [_replaced(each, used) for each in value]
    if isinstance(value, str):
        for name, (_, url) in ADDRESSES.items():
            value = value.replace(url, f"${{{name}}}")
        return value
    if not isinstance(value, dict):
        return value
    if value.get("type") in SOURCES and value.get("uid") == value["type"]:
        used.add(value["uid"])
        return {"type": value["type"], "uid": f"${{DS_{value['uid'].upper()}}}"}
    return {key: _replaced(each, used) for key, each in value.items()}
