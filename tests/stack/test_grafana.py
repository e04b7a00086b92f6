"""A real Grafana imports each file of grafana/import, and each panel of it has data.

Grafana is in no package registry: `make test-stack` runs these tests where `OVERLAP_TEST_GRAFANA`
names the folder of one (9 or later), as its archive is unpacked, and leaves them out elsewhere.
"""

import json
import os
import shutil
import subprocess
import time
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.grafana.queries import every_query
from tests.stack.conftest import ROOT, free_ports

pytestmark = pytest.mark.grafana

FILES = sorted((ROOT / "grafana" / "import").glob("*.json"))
SOURCES = ("prometheus", "loki", "jaeger")
ADDRESS = "https://elsewhere.example"
"""What the import is told for the demo, Jaeger and the page, to which links lead."""
RANGE_S = 1800
QUERIES = sorted(every_query(), key=lambda query: query.source)


@pytest.fixture(scope="module")
def start_grafana(tmp_path_factory):
    """Start a Grafana with these variables; return a client of its API that may do everything."""
    home = os.environ.get("OVERLAP_TEST_GRAFANA")
    if home is None:
        pytest.skip("OVERLAP_TEST_GRAFANA does not name the folder of a Grafana")
    started = []

    def start(variables):
        folder, (port,) = tmp_path_factory.mktemp("grafana"), free_ports(1)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [f"{home}/bin/grafana", "server", "--homepath", home],
                env=os.environ | {
                    "GF_SERVER_HTTP_ADDR": "127.0.0.1", "GF_SERVER_HTTP_PORT": str(port),
                    "GF_PATHS_DATA": str(folder), "GF_PATHS_LOGS": str(folder),
                    "GF_ANALYTICS_REPORTING_ENABLED": "false",
                    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
                    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
                    "GF_LOG_LEVEL": "warn",
                } | variables,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", auth=("admin", "admin"), timeout=30,
            trust_env=False,
        )  # fmt: skip
        started.append((process, client))
        deadline = time.monotonic() + 120
        while not _is_up(client):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        return client

    yield start
    for process, client in started:
        client.close()
        process.terminate()
        process.wait(30)


def _is_up(client):
    try:
        return client.get("/api/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def grafana(start_grafana, stack):
    """A Grafana that others have set up: data sources with names and uids of their own."""
    client = start_grafana({})
    # Uids without a hyphen: Grafana 9.4 forwards nothing by one that has it.
    for kind in SOURCES:
        body = {"name": f"Our {kind}", "uid": f"our{kind}", "type": kind, "access": "proxy"}
        answer = client.post("/api/datasources", json=body | {"url": stack.url(kind)})
        assert answer.is_success, answer.text
    return client


@pytest.fixture(scope="module")
def imported(grafana):
    """Each dashboard as Grafana has it after the import, by its uid."""
    found = {}
    for path in FILES:
        board = json.loads(path.read_text(encoding="utf-8"))
        inputs = [
            {"name": each["name"], "type": each["type"], "pluginId": each.get("pluginId", ""),
             "value": f"our{each['pluginId']}" if "pluginId" in each else ADDRESS}
            for each in board["__inputs"]
        ]  # fmt: skip
        answer = grafana.post(
            "/api/dashboards/import",
            json={"dashboard": board, "overwrite": False, "inputs": inputs},
        )
        assert answer.is_success, answer.text
        stored = grafana.get(f"/api/dashboards/uid/{board['uid']}")
        assert stored.is_success, stored.text
        found[board["uid"]] = stored.json()["dashboard"]
    return found


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_grafana_imports_it_with_the_sources_that_were_chosen(imported, path):
    """All panels, no input left unanswered, and no data source but those that were chosen."""
    file = json.loads(path.read_text(encoding="utf-8"))
    board = imported[file["uid"]]
    text = json.dumps(board)
    assert [panel["title"] for panel in board["panels"]] == [
        panel["title"] for panel in file["panels"]
    ]
    assert "${DS_" not in text
    assert "${VAR_" not in text
    assert f"{ADDRESS}/" in text
    uids = {
        target["datasource"]["uid"]
        for panel in board["panels"]
        for target in panel.get("targets", ())
    }
    assert uids <= {f"our{kind}" for kind in SOURCES}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(
            query, marks=[pytest.mark.loki] if query.source == "loki" else [],
            id=f"{query.dashboard}-{query.panel}-{query.ref}".replace(" ", "_"),
        )
        for query in QUERIES
    ],
)  # fmt: skip
def test_each_panel_that_was_imported_has_data(played, imported, grafana, poll, query):
    """Its query, asked through Grafana and the chosen source, gives something to draw."""
    assert query.dashboard in imported
    assert poll(lambda: _ask(grafana, query))


def _ask(grafana, query):
    """Return what Grafana answers a panel: rows or traces; empty where there is nothing."""
    if query.source == "jaeger":  # in Grafana 9 the browser asks, through the proxy
        answer = grafana.get(
            "/api/datasources/proxy/uid/ourjaeger/api/traces", params=dict(parse_qsl(query.expr))
        )
        assert answer.is_success, answer.text
        return answer.json()["data"]
    now = int(time.time() * 1000)
    asked = {
        "refId": "A", "datasource": {"type": query.source, "uid": f"our{query.source}"},
        "expr": query.expr, "intervalMs": 15_000, "maxDataPoints": 500, "maxLines": 100,
        "queryType": "instant" if query.kind == "instant" else "range",
        "instant": query.kind == "instant", "range": query.kind != "instant",
    }  # fmt: skip
    body = {"queries": [asked], "from": str(now - RANGE_S * 1000), "to": str(now)}
    answer = grafana.post("/api/ds/query", json=body)
    assert answer.is_success, answer.text
    frames = answer.json()["results"]["A"]["frames"]
    return [frame for frame in frames if any(frame["data"]["values"])]


def test_the_stacks_own_grafana_has_its_dashboards_and_sources(
    start_grafana, stack, poll, tmp_path
):
    """As grafana/provisioning has them, and it reaches Prometheus and Jaeger."""
    shutil.copytree(ROOT / "grafana" / "provisioning", tmp_path / "provisioning")
    provider = tmp_path / "provisioning" / "dashboards" / "overlap.yaml"
    text = provider.read_text(encoding="utf-8")
    assert "path: /stack/grafana/" in text
    provider.write_text(text.replace("path: /stack/", f"path: {ROOT}/"), encoding="utf-8")
    addresses = {f"{kind.upper()}_URL": stack.url(kind) for kind in SOURCES}
    own = {"GF_PATHS_PROVISIONING": str(provider.parent.parent), "PAGE_URL": ADDRESS}
    client = start_grafana(addresses | own)
    assert {each["uid"] for each in client.get("/api/datasources").json()} == set(SOURCES)
    wanted = {json.loads(path.read_text(encoding="utf-8"))["uid"] for path in FILES}

    def are_there():  # they are read once Grafana answers
        found = client.get("/api/search", params={"type": "dash-db"}).json()
        return {each["uid"] for each in found} == wanted

    assert poll(are_there)
    for kind, path in {"prometheus": "api/v1/labels", "jaeger": "api/services"}.items():
        answer = client.get(f"/api/datasources/proxy/uid/{kind}/{path}")
        assert answer.is_success, answer.text
