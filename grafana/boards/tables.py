"""Tables: columns, their order, their width and the links of their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import table as table_sdk
from grafana_foundation_sdk.models.common import DataSourceRef, TableCellHeight
from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    DataTransformerConfig,
    DynamicConfigValue,
    RegexMap,
    ValueMapping,
    ValueMappingResult,
)

from grafana.boards.links import to_trace, to_verdict
from grafana.boards.queries import PROMETHEUS, Query

# The names of the same columns differ between versions of Grafana.
TIME = ("Time", "timestamp")
LINE = ("Line", "body")


@dataclass(frozen=True)
class Column:
    """One column. Its field may have any of several names."""

    fields: tuple[str, ...]
    title: str
    width: int = 0
    """Pixels; 0: what is left."""
    unit: str = ""
    decimals: int | None = None
    links: tuple[dict[str, object], ...] = ()
    mappings: tuple[ValueMapping, ...] = ()
    """If given, the cell's background has the mapped colour."""
    texts: tuple[ValueMapping, ...] = ()
    """The same without a colour."""
    gauge: str = ""
    """A colour: the figure is drawn on a bar of it."""


def trace_column(fields: tuple[str, ...]) -> Column:
    """Return the column of a shortened trace id that leads to the trace in Jaeger."""
    short = RegexMap(
        options=DashboardRegexMapOptions(
            pattern="/^(.{8}).*/", result=ValueMappingResult(text="$1…", index=0)
        )
    )
    return Column(fields, "trace", width=110, links=(to_trace(), to_verdict()), texts=(short,))


def table(
    title: str,
    description: str,
    columns: Sequence[Column],
    *queries: Query,
    source: DataSourceRef = PROMETHEUS,
    labels_hold_fields: bool = False,
) -> table_sdk.Panel:
    """Return a table of `columns` without any other field.

    `labels_hold_fields`: the fields are in Loki's one field of labels.
    """
    panel = (
        table_sdk.Panel()
        .title(title)
        .description(description)
        .unit("string")
        .datasource(source)
        .targets([*queries])
        .show_header(True)
        .cell_height(TableCellHeight.SM)
    )
    if labels_hold_fields:
        panel.with_transformation(
            DataTransformerConfig(
                "extractFields", options={"source": "labels", "replace": False, "format": "auto"}
            )
        )
    elif len(queries) > 1:
        panel.with_transformation(DataTransformerConfig("merge", options={}))
    for transformation in _arranged(columns):
        panel.with_transformation(transformation)
    for column in columns:
        panel.override_by_name(column.title, [*_properties(column)])
    return panel


def _arranged(columns: Sequence[Column]) -> Sequence[DataTransformerConfig]:
    names = [name for column in columns for name in column.fields]
    return [
        DataTransformerConfig("filterFieldsByName", options={"include": {"names": names}}),
        DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {},
                "indexByName": {name: index for index, name in enumerate(names)},
                "renameByName": {
                    name: column.title for column in columns for name in column.fields
                },
            },
        ),
    ]


def _properties(column: Column) -> Sequence[DynamicConfigValue]:
    properties: dict[str, object] = {}
    if column.width:
        properties["custom.width"] = column.width
    if column.unit:
        properties["unit"] = column.unit
    if column.decimals is not None:
        properties["decimals"] = column.decimals
    if column.links:
        properties["links"] = [*column.links]
    if column.texts:
        properties["mappings"] = [*column.texts]
    if column.mappings:
        properties["mappings"] = [*column.mappings]
        properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
        properties["custom.displayMode"] = "color-background-solid"  # the same, until Grafana 9.4
    if column.gauge:
        properties["color"] = {"mode": "fixed", "fixedColor": column.gauge}
        properties["min"] = 0
        properties["custom.cellOptions"] = {"type": "gauge", "mode": "basic"}
        properties["custom.displayMode"] = "basic"
    return [DynamicConfigValue(name, value) for name, value in properties.items()]
