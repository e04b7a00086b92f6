"""The commands of docker-compose.yml start, and their healthchecks tell up from down.

Each of ours, with the arguments and the environment it has there: only addresses are other ones.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
RAW = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
# With every port as usual: what stands behind `:-`.
COMPOSE = yaml.safe_load(re.sub(r"(?<!\$)\$\{[A-Z_]+:-([^}]*)\}", r"\1", RAW))
SERVICES = COMPOSE["services"]
SERVERS = ["app-workers", "app-wsgi", "httpbin", "mail"]
WITHIN_S = 100


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Place:
    """Where the services are on this machine: free ports, and folders for paths of a container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, int] = {}
        secrets = folder / "secrets"
        secrets.mkdir()
        (secrets / "secret_key").write_text("a key of forty characters, as init makes one")
        (secrets / "postgres_password").write_text("none is asked here")
        (folder / "data").mkdir()
        (folder / "tmp").mkdir()

    def port(self, number: str) -> int:
        return self.ports.setdefault(number, free_port())

    def here(self, text: str) -> str:
        """The same words, with the addresses and paths of this machine."""
        text = re.sub(r"/(secrets|data|tmp)\b", lambda found: f"{self.folder}/{found[1]}", text)
        text = re.sub(
            rf"\b({'|'.join(SERVICES)}|127\.0\.0\.1|0\.0\.0\.0):(\d{{4,5}})\b",
            lambda found: f"127.0.0.1:{self.port(found[2])}",
            text,
        )
        if text == "0.0.0.0":
            return "127.0.0.1"
        return str(self.port(text)) if re.fullmatch(r"8\d{3}", text) else text

    def words(self, command: list[str]) -> list[str]:
        found = [self.here(word) for word in command]
        assert found[0] == "python"
        return [sys.executable, *found[1:]]

    def environment(self, name: str) -> dict[str, str]:
        told = {key: self.here(str(value)) for key, value in SERVICES[name]["environment"].items()}
        told = {key: value.replace("$$", "$") for key, value in told.items()}
        if "DATABASE_URL" in told:  # the only part that is another here
            told["DATABASE_URL"] = f"sqlite:///{self.folder}/data/db.sqlite3"
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "app.settings",
            "SMOKEHOUSE_DATA_DIR": str(self.folder / "data"),
            **told,
        }

    def health(self, name: str) -> int:
        """The status of its healthcheck, run as docker runs it."""
        command = self.words(SERVICES[name]["healthcheck"]["test"][1:])
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=60, check=False
        ).returncode

    @contextmanager
    def running(self, name: str):
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.words(SERVICES[name]["command"]),
                cwd=ROOT,
                env=self.environment(name),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process, log
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(30)

    def wait_until_well(self, name: str, process: subprocess.Popen, log: Path) -> None:
        deadline = time.monotonic() + WITHIN_S
        while self.health(name) != 0:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)

    def wait_until_unwell(self, name: str) -> None:
        deadline = time.monotonic() + WITHIN_S
        while self.health(name) == 0:
            assert time.monotonic() < deadline
            time.sleep(0.5)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_starts_and_its_healthcheck_tells_up_from_down(place, name):
    """Unwell before it listens, well while it does, unwell once it is gone."""
    assert place.health(name) == 1
    with place.running(name) as (process, log):
        place.wait_until_well(name, process, log)
        started = log.read_text()
    assert place.health(name) == 1
    # Nothing takes its telemetry here, and that alone it may complain of.
    lines = [line for line in started.splitlines() if "telemetry" not in line]
    assert not [line for line in lines if re.search(r"warning|error|Traceback", line, re.I)]


@pytest.mark.timeout(400)
def test_the_app_says_last_where_all_is_and_a_standstill_is_unwell(place):
    """Healthchecks add nothing to its log. A port that is open is no health."""
    with place.running("app") as (process, log):
        place.wait_until_well("app", process, log)
        process.send_signal(signal.SIGSTOP)
        try:
            assert place.health("app") == 1
        finally:
            process.send_signal(signal.SIGCONT)
        place.wait_until_well("app", process, log)
        written = [line for line in log.read_text().splitlines() if "telemetry: " not in line]
    assert written[-1] == place.environment("app")["SMOKEHOUSE_URLS"]


@pytest.fixture
def redis(place):
    """A real one, at the place of the stack's."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("no redis-server here (Debian: redis)")
    command = [server, "--port", str(place.port("6379")), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, cwd=place.folder, stdout=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait(20)


def quick(name):
    """The healthcheck with as short a patience as the test has: two heartbeats of a worker."""
    words = SERVICES[name]["healthcheck"]["test"]
    return [*words[: words.index("--within") + 1], "4"]


@pytest.mark.timeout(400)
def test_the_worker_is_well_while_it_reaches_its_broker(place, redis, monkeypatch):
    """Its heartbeats go through Redis: without Redis it has none, and so is unwell."""
    monkeypatch.setitem(SERVICES["worker"]["healthcheck"], "test", quick("worker"))
    assert place.health("worker") == 1
    with place.running("worker") as (process, log):
        place.wait_until_well("worker", process, log)
        redis.terminate()
        redis.wait(20)
        place.wait_until_unwell("worker")


@pytest.mark.timeout(400)
def test_beat_is_well_while_it_goes_round(place, redis, monkeypatch):
    """... and unwell when it stands still."""
    monkeypatch.setitem(SERVICES["beat"]["healthcheck"], "test", quick("beat"))
    assert place.health("beat") == 1
    with place.running("beat") as (process, log):
        deadline = time.monotonic() + WITHIN_S
        while not (place.folder / "tmp" / "pulse").exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        process.send_signal(signal.SIGSTOP)
        try:
            place.wait_until_unwell("beat")
        finally:
            process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(400)
def test_migrate_ends_well(place):
    """It fills the database that the others use, and is done."""
    with place.running("migrate") as (process, log):
        assert process.wait(WITHIN_S) == 0, log.read_text()
    assert (place.folder / "data" / "db.sqlite3").stat().st_size > 0


@pytest.mark.timeout(400)
def test_the_player_finds_every_part_by_the_addresses_it_is_told(place):
    """It plays a scenario, is well, and ends at once when docker stops it."""
    backend = [
        *(sys.executable, "-m", "overlap", "pocket"),
        *("--otlp-port", str(place.port("4318")), "--port", str(place.port("16686"))),
    ]
    with ExitStack() as stack:
        pocket = subprocess.Popen(backend, stdout=subprocess.DEVNULL)
        stack.callback(pocket.wait, 30)
        stack.callback(pocket.terminate)
        httpbin = stack.enter_context(place.running("httpbin"))
        app = stack.enter_context(place.running("app"))
        place.wait_until_well("httpbin", *httpbin)
        place.wait_until_well("app", *app)
        process, log = stack.enter_context(place.running("player"))
        deadline = time.monotonic() + WITHIN_S
        while "playing 2/" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        assert place.health("player") == 0
        process.terminate()
        assert process.wait(30) in (0, 1)
        assert "scenarios showed what they expect" in log.read_text().splitlines()[-1]


def test_compose_itself_reads_the_file():
    """`docker compose config`, where there is one: all of it, and without the player."""
    docker = shutil.which("docker")
    asked = [docker or "docker", "compose", "--file", str(ROOT / "docker-compose.yml"), "config"]
    version = [*asked[:2], "version"]
    if docker is None or subprocess.run(version, capture_output=True, check=False).returncode:
        return  # nothing else here can read it as compose does
    for profiles, player in (("player", True), ("", False)):
        done = subprocess.run(
            [*asked, "--format", "json"],
            env={**os.environ, "COMPOSE_PROFILES": profiles},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("player" in json.loads(done.stdout)["services"]) is player
