"""Every query of every committed dashboard, asked of the real servers after the lessons."""

import time
from urllib.parse import parse_qsl

import pytest

from tests.grafana.queries import every_query

QUERIES = sorted(every_query(), key=lambda query: query.source)


def _name(query):
    return f"{query.dashboard}-{query.panel}-{query.ref}".replace(" ", "_")


def _ask(demo, query):
    """What Grafana would be answered; true where there is something to draw."""
    end = time.time()
    times = {"start": str(end - 1800), "end": str(end), "step": "15"}
    if query.source == "jaeger":
        return demo.get("jaeger", "/api/traces", **dict(parse_qsl(query.expr)))["data"]
    path = "/loki/api/v1" if query.source == "loki" else "/api/v1"
    if query.kind == "instant":
        asked = demo.get(query.source, f"{path}/query", query=query.expr, time=str(end))
    else:
        asked = demo.get(query.source, f"{path}/query_range", query=query.expr, **times)
    return asked["data"]["result"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(
            query, marks=[pytest.mark.loki] if query.source == "loki" else [], id=_name(query)
        )
        for query in QUERIES
    ],
)
def test_panel_is_not_empty(played, demo, poll, query):
    """Once every lesson was played, each panel has something to show."""
    assert poll(lambda: _ask(demo, query))
