"""The demo on PostgreSQL, as in the stack: by DATABASE_URL, each query a span all the same."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.scenarios import SCENARIOS

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
SERVER = Path(__file__).parent.parent / "lean" / "postgresql.py"


@pytest.fixture(scope="module")
def on_postgresql(start_app):
    """The demo, with a PostgreSQL of the test's own."""
    spec = importlib.util.spec_from_file_location("lean_postgresql", SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.programs(), "no PostgreSQL here: apt-get install postgresql"
    with module.server() as database:
        url = "postgresql://{USER}@{HOST}:{PORT}/postgres".format(**database)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input"],
            env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "app.settings"},
            check=True,
            capture_output=True,
        )
        with start_app("app.settings", DATABASE_URL=url) as app:
            yield app


@pytest.mark.parametrize("name", ["orm_gather", "orm_at_once", "orm_select_related", "book"])
def test_scenario_shows_the_same_on_postgresql(on_postgresql, name):
    """The shapes are Django's, whatever database is below; who it was stands on each query."""
    result = on_postgresql.play(BY_NAME[name])
    assert result.problems == []
    queries = [span for span in result.trace.spans if "db.system.name" in span.attributes]
    assert {span.attributes["db.system.name"] for span in queries} == {"postgresql"}
    ids = {span.span_id for span in result.trace.spans}
    assert {span.parent_id for span in queries} <= ids
