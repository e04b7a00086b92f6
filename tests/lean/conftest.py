"""The little site, lean and stock, each in a process that plays what it is asked."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path

import pytest

SITE = Path(__file__).parent / "site"
DEADLINE_S = 40.0


class Stage:
    """One process with one setting of the site."""

    def __init__(self, environment):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "leansite.run"],
            cwd=SITE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def play(self, scenario):
        """What came of a scenario."""
        self._process.stdin.write(f"{scenario}\n")
        self._process.stdin.flush()
        outcome = json.loads(self._line())
        assert "failed" not in outcome, outcome["failed"]
        return outcome

    def leave(self):
        """Let the process end."""
        with suppress(BrokenPipeError):  # it has ended already, and a test has failed of that
            self._process.stdin.close()

    def close(self):
        try:
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _line(self):
        ready, _, _ = select.select([self._process.stdout], [], [], DEADLINE_S)
        assert ready, "the site says nothing"
        return self._process.stdout.readline().strip()


def environment_of(lean, database, **more):
    """The environment of a site's process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "OVERLAP_"))}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "leansite.settings",
        "LEAN": "1" if lean else "0",
        "LEAN_DATABASE": json.dumps(database),
        "LEAN_SQLITE": str(database["NAME"]),
        **more,
    }


@pytest.fixture(scope="session")
def site_environment(tmp_path_factory):
    """A function that gives the environment of a site on a new SQLite file."""

    def make(lean, *, age=0, atomic=False, **more):
        file = tmp_path_factory.mktemp("lean") / "db.sqlite3"
        database = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(file),
            "CONN_MAX_AGE": age,
            "ATOMIC_REQUESTS": atomic,
        }
        return environment_of(lean, database, **more)

    return make


@pytest.fixture(scope="session")
def stages():
    """A function that starts a process, once for each environment; all end with the session."""
    running = []

    def start(environment):
        stage = Stage(environment)
        running.append(stage)
        return stage

    yield start
    for stage in running:
        stage.leave()
    for stage in running:
        stage.close()


@pytest.fixture(scope="session")
def on_sqlite(stages, site_environment):
    """A function that gives the stage for a setting, started at its first use."""

    @cache
    def stage(lean, *, age=0, atomic=False, **more):
        return stages(site_environment(lean, age=age, atomic=atomic, **more))

    return stage


@pytest.fixture(scope="session")
def postgresql():
    """A server of the tests' own; skipped where PostgreSQL or psycopg is not installed."""
    psycopg = pytest.importorskip("psycopg")
    location = Path(__file__).parent / "postgresql.py"
    spec = importlib.util.spec_from_file_location("lean_postgresql", location)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.programs() is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with module.server() as database:

        def create(name):
            options = {key.lower(): database[key] for key in ("HOST", "PORT", "USER")}
            with psycopg.connect(dbname="postgres", autocommit=True, **options) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return database | {"NAME": name}

        yield create


@pytest.fixture(scope="session")
def on_postgresql(stages, postgresql):
    """A function that gives the stage for a setting on PostgreSQL, at its first use."""
    names = count(1)

    @cache
    def stage(lean, *, age=0, pool=0, health_checks=False, apart=False):
        database = postgresql(f"site_{next(names)}") | {
            "CONN_MAX_AGE": age,
            "CONN_HEALTH_CHECKS": health_checks,
            "OPTIONS": {"pool": {"min_size": 1, "max_size": pool}} if pool else {},
        }
        return stages(
            environment_of(
                lean, database, LEAN_KEPT="0" if age == 0 else "1", LEAN_APART=str(apart)
            )
        )

    return stage
