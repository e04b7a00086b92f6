"""Tables of the `overlap.verdict` log records, which `overlap play` sends to Loki."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common as common_sdk
from grafana_foundation_sdk.builders import table as table_sdk

from grafana.boards import colours, links
from grafana.boards.metrics import label
from grafana.boards.queries import LOKI, lines
from grafana.boards.tables import LINE, TIME, Column, table, trace_column
from overlap import names
from overlap.play.timeline import SERVICE as PLAYER

SCENARIO = label(names.SCENARIO_NAME)
SHAPES = label(names.SHAPES)
OK = label(names.SCENARIO_OK)
ANSWERED = label(names.SCENARIO_ANSWERED_MS)
NEIGHBOURS = label(names.SCENARIO_NEIGHBOURS_MS)

OF_PLAY = f'{{service_name="{PLAYER}"}}'
ALL = f'{OF_PLAY} | {SHAPES}!=""'
"""Every verdict: no other log record has shapes."""

AS_EXPECTED = colours.by_value(
    {"true": ("as expected", colours.GREEN), "false": ("not as expected", colours.RED)}
)


def last_traces(title: str, description: str, query: str, *, lesson: bool) -> table_sdk.Panel:
    """Return the newest verdicts, each with a link to its trace; `lesson`: and to its lesson."""
    columns = [
        Column(TIME, "when", width=165),
        *(
            [Column((SCENARIO,), "lesson", width=225, links=(links.to_lesson(), links.to_play()))]
            if lesson
            else []
        ),
        Column((SHAPES,), "shape", width=200, mappings=(*colours.by_shape(),)),
        Column((OK,), "seen", width=130, mappings=(*AS_EXPECTED,)),
        Column((ANSWERED,), "answered in", width=120, unit="ms", decimals=2),
        Column((NEIGHBOURS,), "neighbours", width=110, unit="ms", decimals=2),
        Column(LINE, "what it shows"),
        trace_column(("trace_id",)),
    ]
    panel = table(title, description, columns, lines(query), source=LOKI, labels_hold_fields=True)
    return panel.sort_by([common_sdk.TableSortByFieldState().display_name("when").desc(True)])
