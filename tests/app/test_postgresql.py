"""The demo on PostgreSQL, as in the stack: by DATABASE_URL, each query a span all the same."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import MUTATIONS

from app.scenarios import SCENARIOS
from app.simulation import QUERY_NAP
from overlap.errors import NoServer

MUTANTS = Path(__file__).parent / "mutants"
NEEDS_ASYNC_BACKEND = pytest.mark.python(3, 12)
pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
SERVER = Path(__file__).parent.parent / "lean" / "postgresql.py"


@pytest.fixture(scope="module")
def database_url():
    """A PostgreSQL of the tests' own, with the demo's tables."""
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
        yield url


@pytest.fixture(scope="module")
def on_postgresql(start_app, database_url):
    """The demo on PostgreSQL."""
    with start_app("app.settings", DATABASE_URL=database_url) as app:
        yield app


@pytest.fixture(scope="module")
def on_async_backend(start_app, database_url):
    """The same as the server `postgresql`, with a broken copy of each view beside the real one."""
    path = os.pathsep.join([str(MUTANTS), os.environ.get("PYTHONPATH", "")])
    # At the tests' tenth of the time, opening a connection may take as long as a query.
    slowly = {"SMOKEHOUSE_TIME_SCALE": "1"}
    variables = slowly | {"DATABASE_URL": database_url, "PYTHONPATH": path}
    with start_app("mutant_settings", "postgresql", **variables) as app:
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


@NEEDS_ASYNC_BACKEND
def test_async_queries_overlap_without_threads(on_async_backend):
    """django-async-backend: three queries at once, each span as long as its query, on the loop."""
    result = on_async_backend.play(BY_NAME["orm_async"])
    assert result.problems == []
    queries = [span for span in result.trace.spans if span.name == "SELECT smokehouse_meat"]
    assert all(span.end_ns - span.start_ns >= QUERY_NAP * 1e9 for span in queries)


@NEEDS_ASYNC_BACKEND
def test_verdict_changes_when_the_async_queries_follow_one_another(on_async_backend):
    """The lesson's broken view."""
    for mutation in MUTATIONS:
        if mutation.scenario == "orm_async":
            mutation.check(on_async_backend.play(mutation.broken(BY_NAME["orm_async"])))


def test_the_lesson_is_skipped_where_there_is_no_postgresql(demo):
    """On SQLite it can't be played, and one sentence says so."""
    with pytest.raises(NoServer, match="no address is set for the server 'postgresql'"):
        demo.play(BY_NAME["orm_async"])
