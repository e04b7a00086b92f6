"""The little site, lean and stock, each in a process that plays what it is asked."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from functools import cache
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

    def close(self):
        self._process.stdin.close()
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
        stage.close()


@pytest.fixture(scope="session")
def on_sqlite(stages, site_environment):
    """A function that gives the stage for a setting, started at its first use."""

    @cache
    def stage(lean, *, age=0, atomic=False, **more):
        return stages(site_environment(lean, age=age, atomic=atomic, **more))

    return stage
