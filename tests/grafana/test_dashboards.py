"""What is committed is what the code writes, and each panel says what it shows, and of what."""

import json
import re
from itertools import combinations

import pytest

from grafana.boards import colours, explained, metrics, rendered
from grafana.boards.board import Row, board
from overlap.judge import SHAPES
from tests.grafana.queries import every_query

UIDS = {"overlap-glance", "overlap-lesson", "overlap-loop", "overlap-road"}
KEYWORDS = {
    "sum", "by", "and", "or", "on", "offset", "count", "min", "max", "topk", "vector", "le",
    "histogram_quantile", "last_over_time", "label_replace", "label_join", "count_over_time",
    "avg_over_time", "max_over_time", "unwrap", "time", "timestamp", "sort_desc", "count_values",
}  # fmt: skip


def declared() -> set[str]:
    """Each name of grafana/boards/metrics.py, as it stands in a query."""
    found: set[str] = set()
    for name, value in vars(metrics).items():
        if name.isupper() and isinstance(value, str):
            found |= {value.format(items=items) for items in metrics.ITEMS.values()}
    return found | set(metrics.MEMORY)


@pytest.mark.parametrize("name", ["glance", "lesson", "loop", "pipeline"])
def test_the_committed_json_is_what_the_code_writes(boards, name, root):
    """Whoever changes a panel, or a lesson, writes them anew: `make dashboards`."""
    committed = (root / "grafana" / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
    assert committed == rendered()[name], "make dashboards"


def test_the_four_have_their_uids(boards):
    """Jaeger's links and the docs name them."""
    assert {board["uid"] for board in boards.values()} == UIDS


def test_each_panel_has_a_title_a_description_and_a_unit(panels):
    """A figure without them is a riddle."""
    for name, panel in panels:
        where = (name, panel["title"])
        assert panel["title"], where
        assert panel["description"].endswith("."), where
        assert panel["fieldConfig"]["defaults"]["unit"], where


def test_each_panel_stands_by_itself(boards):
    """Numbered, inside the grid, and none on top of another."""
    for board_ in boards.values():
        assert len({panel["id"] for panel in board_["panels"]}) == len(board_["panels"])
        places = [panel["gridPos"] for panel in board_["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in combinations(places, 2):
            apart = (
                one["x"] + one["w"] <= other["x"]
                or other["x"] + other["w"] <= one["x"]
                or one["y"] + one["h"] <= other["y"]
                or other["y"] + other["h"] <= one["y"]
            )
            assert apart, (board_["title"], one, other)


def test_data_sources_are_those_that_are_provisioned(panels, sources):
    """By uid and type, in each panel, each query and each variable."""
    types = {uid: source["type"] for uid, source in sources.items()}
    for name, panel in panels:
        for target in panel.get("targets", ()):
            for asked in (target["datasource"], panel["datasource"]):
                assert types[asked["uid"]] == asked["type"], (name, panel["title"])
        refs = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(refs)) == len(refs), (name, panel["title"])


def test_each_metric_is_a_declared_name():
    """A misspelt metric is an empty panel."""
    known = declared()
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "count", "sum")}
    for query in every_query():
        if query.source != "prometheus" or query.panel in ("$why", "$pair", "$routes"):
            continue
        bare = re.sub(r'"[^"]*"', "", query.expr)
        bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)|on\([^)]*\)|offset \w+", "", bare)
        for word in re.findall(r"[a-z_]\w*", bare):
            assert word in known | KEYWORDS, (query.dashboard, query.panel, word)


def test_all_services_is_a_pattern_not_a_name(boards):
    """`$__all` never reaches a query: "All" stands for whatever there is."""
    [service] = boards["loop"]["templating"]["list"]
    assert (service["includeAll"], service["allValue"]) == (True, ".+")
    assert not any("$__all" in query.expr for query in every_query())


def test_every_dashboard_leads_to_the_others_the_demo_and_jaeger(boards):
    """The links above the panels."""
    for board_ in boards.values():
        assert "overlap" in board_["tags"]
        others, *out = board_["links"]
        assert (others["type"], others["tags"]) == ("dashboards", ["overlap"])
        assert others["keepTime"]
        assert {link["url"] for link in out} >= {
            "http://127.0.0.1:8000/",
            "http://127.0.0.1:16686/search",
        }


def test_links_lead_to_dashboards_there_are(boards):
    """Whatever is said to be at /d/… is."""
    for board_ in boards.values():
        found = set(re.findall(r"/d/([\w-]+)", json.dumps(board_)))
        assert found <= UIDS, board_["title"]


def test_every_lesson_can_be_chosen_and_is_explained(boards):
    """By its name, with its title, in words that no quotation mark cuts short."""
    chosen, why, *_ = boards["lesson"]["templating"]["list"]
    assert [option["value"] for option in chosen["options"]] == [
        lesson.name for lesson in explained.SCENARIOS
    ]
    for lesson in explained.SCENARIOS:
        assert lesson.title.partition('"')[0] in why["query"]
        assert '"' not in explained.explanation(lesson)
        assert " : " not in lesson.title


def test_a_chosen_lessons_words_are_asked_for_by_its_name():
    """The hidden variables follow the one that is chosen."""
    asked = {query.panel: query.expr for query in every_query({"lesson": "burn_some_meats"})}
    for variable in ("$why", "$pair", "$routes"):
        assert '"lesson", "burn_some_meats", "", "")' in asked[variable].rpartition(" and on")[2]


def test_each_shape_and_each_end_has_its_colour():
    """One of pocket's, and told apart from both of Grafana's backgrounds."""
    assert set(colours.SHAPES) == set(SHAPES)
    for colour in {*colours.SHAPES.values(), *colours.ENDS.values(), *colours.SIGNALS.values()}:
        for background in ("#ffffff", "#181b1f"):
            assert contrast(colour, background) >= 3, (colour, background)


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines reckon it."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [
            part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_row_that_does_not_fill_the_grid_is_refused():
    """A gap is a mistake in the sum."""
    with pytest.raises(ValueError, match="24 columns"):
        board("x", "X", "X.", [Row("half", 4, [])])
