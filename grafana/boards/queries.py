"""Queries of the three data sources, by their fixed uids."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders import loki as loki_sdk
from grafana_foundation_sdk.builders import prometheus as prometheus_sdk
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

JAEGER = DataSourceRef(type_val="jaeger", uid="jaeger")
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")
LOKI = DataSourceRef(type_val="loki", uid="loki")

Query = Builder[Dataquery]


def over_time(expr: str, legend: str = "", ref: str = "A", *, exemplars: bool = False) -> Query:
    """Return a PromQL range query."""
    return _prometheus(expr, legend, ref).range().exemplar(exemplars)


def buckets(expr: str, ref: str = "A") -> Query:
    """Return a histogram's buckets over time, for a heatmap, with exemplars that lead to traces."""
    return _prometheus(expr, "{{le}}", ref).range().exemplar(True).format(PromQueryFormat.HEATMAP)


def at_the_end(expr: str, legend: str = "", ref: str = "A") -> Query:
    """Return a PromQL instant query."""
    return _prometheus(expr, legend, ref).instant()


def table(expr: str, ref: str = "A") -> Query:
    """Return a PromQL instant query with a table row for each series."""
    return _prometheus(expr, "", ref).instant().format(PromQueryFormat.TABLE)


def _prometheus(expr: str, legend: str, ref: str) -> prometheus_sdk.Dataquery:
    return (
        prometheus_sdk.Dataquery()
        .datasource(PROMETHEUS)
        .editor_mode(QueryEditorMode.CODE)
        .expr(expr)
        .legend_format(legend)
        .ref_id(ref)
    )


def lines(expr: str, ref: str = "A", *, most: int = 200) -> Query:
    """Return a LogQL query of log lines, the newest first."""
    return _loki(expr, ref).query_type("range").max_lines(most)


def counted(expr: str, legend: str = "", ref: str = "A") -> Query:
    """Return a LogQL range query of figures."""
    return _loki(expr, ref).query_type("range").legend_format(legend)


def counted_once(expr: str, legend: str = "", ref: str = "A") -> Query:
    """Return a LogQL instant query of figures."""
    return _loki(expr, ref).query_type("instant").legend_format(legend)


def _loki(expr: str, ref: str) -> loki_sdk.Dataquery:
    return loki_sdk.Dataquery().datasource(LOKI).expr(expr).ref_id(ref)


@dataclass
class JaegerSearch(Dataquery):
    """A search in Jaeger's data source; the SDK has no type for it."""

    service: str
    operation: str = ""
    tags: str = ""
    limit: int = 20
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        """Return the JSON that Grafana's Jaeger source reads."""
        found: dict[str, object] = {
            "datasource": JAEGER,
            "queryType": "search",
            "service": self.service,
            "limit": self.limit,
            "refId": self.ref_id,
        }
        if self.operation:
            found["operation"] = self.operation
        if self.tags:
            found["tags"] = self.tags
        return found


class Traces(Builder[Dataquery]):
    """The newest traces of a service, as a table."""

    def __init__(self, service: str, *, operation: str = "", tags: str = "", limit: int = 20):
        self._search = JaegerSearch(service, operation, tags, limit)

    def build(self) -> Dataquery:
        """Return the search."""
        return self._search
