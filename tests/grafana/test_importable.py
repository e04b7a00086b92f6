"""grafana/import/*.json: the dashboards for a Grafana that others have set up, imported by file."""

import json
import re
import warnings

import pytest

from grafana.boards import DASHBOARDS, rendered
from grafana.boards.importable import importable

NAMES = list(rendered())
every_board = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def board(root, name):
    return json.loads((root / f"grafana/import/{name}.json").read_text(encoding="utf-8"))


def imported(board, answers):
    """What Grafana's import makes of it: `${NAME}` is replaced in every string, for each input."""
    wanted = {each["name"] for each in board["__inputs"]}
    assert wanted == set(answers)

    def replaced(value):
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda found: answers.get(found[1], found[0]), value)
        if isinstance(value, list):
            return [replaced(each) for each in value]
        if isinstance(value, dict):
            return {key: replaced(each) for key, each in value.items()}
        return value

    return {key: replaced(each) for key, each in board.items() if not key.startswith("__")}


def usual(board):
    """The answers that give the dashboards of this repository's own stack."""
    return {each["name"]: each.get("value") or each["pluginId"] for each in board["__inputs"]}


@every_board
def test_the_committed_file_is_what_the_code_writes(root, name):
    """`make dashboards` was run."""
    committed = (root / f"grafana/import/{name}.json").read_text(encoding="utf-8")
    assert committed == importable(rendered()[name])


def test_there_is_one_for_each_dashboard(root):
    """And no other."""
    assert {path.stem for path in (root / "grafana/import").iterdir()} == set(NAMES)
    assert len(NAMES) == len(DASHBOARDS)


@every_board
def test_an_import_asks_for_what_the_dashboard_uses_and_for_nothing_else(board, name):
    """Each data source that it names, and the two addresses that links lead to."""
    inputs = {each["name"]: each for each in board["__inputs"]}
    content = json.dumps({key: each for key, each in board.items() if not key.startswith("__")})
    assert set(re.findall(r"\$\{((?:DS|VAR)_[A-Z_]+)\}", content)) == set(inputs)
    assert {each["type"] for each in inputs.values()} == {"datasource", "constant"}
    assert not re.search(r'"uid": "(prometheus|loki|jaeger)"', content)
    assert "127.0.0.1" not in content
    assert board["id"] is None


@every_board
def test_imported_with_the_stacks_own_sources_it_is_the_provisioned_dashboard(board, name):
    """Nothing is lost or changed by the inputs."""
    made = imported(board, usual(board))
    made.pop("id")
    assert made == json.loads(rendered()[name])


@every_board
def test_imported_elsewhere_every_source_and_link_is_the_one_that_was_chosen(board, name):
    """A Grafana's data sources have uids of their own."""
    answers = {
        each["name"]: f"own-{each['pluginId']}" if "pluginId" in each else "https://own.example"
        for each in board["__inputs"]
    }
    text = json.dumps(imported(board, answers))
    uids = {uid for uid in re.findall(r'"uid": "([^"]+)"', text) if not uid.startswith("overlap-")}
    assert uids <= {"own-prometheus", "own-loki", "own-jaeger"}
    assert "https://own.example/" in text


@every_board
def test_it_is_the_classic_schema_that_grafana_9_reads(board, name):
    """The typed model reads it whole, and it says which Grafana and plugins it needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.models.dashboard import Dashboard
    assert Dashboard.from_json(board).title == board["title"]
    needed = {(each["type"], each["id"]): each["version"] for each in board["__requires"]}
    assert needed["grafana", "grafana"] == "9.0.0"
    used = {panel["type"] for panel in board["panels"]} - {"row"}
    assert {name for kind, name in needed if kind == "panel"} == used
    # Of panels, those that Grafana 9 has; no schema of version 2, which begins with these keys.
    assert used <= {
        *("stat", "table", "text", "logs", "timeseries", "bargauge", "heatmap", "piechart"),
        *("nodeGraph", "histogram", "barchart", "gauge", "state-timeline", "traces"),
    }
    assert not {"apiVersion", "kind", "spec", "elements"} & set(board)
