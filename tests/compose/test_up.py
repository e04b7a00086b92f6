"""`make up`: ports are looked at first, waiting is explained, what is not healthy shows its lines.

The engine is a stand-in here, which answers as the real one did; all else is the real script.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKER = """#!{python}
import json, os, sys
said = " ".join(sys.argv[1:])
with open(os.environ["DOCKER_LOG"], "a") as log:
    log.write(said + "\\n")
answers = json.loads(open(os.environ["DOCKER_ANSWERS"]).read())
for start, (status, out) in answers.items():
    if said.startswith(start):
        print(out, end=out and chr(10))
        sys.exit(status)
"""
URLS = "app http://127.0.0.1:8000/ | Jaeger http://127.0.0.1:16686/"


@pytest.fixture
def taken():
    """A port with a listener: this process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def up(tmp_path):
    """Run the script with an engine that answers so; its exit status and all that it wrote."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.format(python=sys.executable))
    docker.chmod(0o755)

    def up(*, port=0, name="overlap", **answers):
        config = {
            "name": name,
            "services": {
                "app": {
                    "environment": {"SMOKEHOUSE_URLS": URLS},
                    "ports": [{"published": str(port), "target": 8000}] if port else [],
                }
            },
        }
        every = {
            "compose config": (0, json.dumps(config)),
            "version": (0, "26.1.5"),
            "ps": (0, ""),
            **{key.replace("_", " "): value for key, value in answers.items()},
        }
        (tmp_path / "answers").write_text(json.dumps(every))
        done = subprocess.run(
            [sys.executable, ROOT / "docker/up.py"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PATH": str(docker.parent),
                "DOCKER_ANSWERS": str(tmp_path / "answers"),
                "DOCKER_LOG": str(tmp_path / "log"),
            },
        )
        log = tmp_path / "log"
        said = log.read_text().splitlines() if log.exists() else []
        return done, said

    return up


def test_it_ends_with_every_address(up):
    """One command; it says what it waits for, and prints one address a line at last."""
    done, said = up()
    assert done.returncode == 0
    assert "waiting until each is healthy" in done.stdout
    assert done.stdout.splitlines()[-2:] == [part.strip() for part in URLS.split("|")]
    assert "compose up --build --detach --wait" in said


def test_a_taken_port_is_named_with_its_owner_before_anything_starts(up, taken):
    """... and with the variable that moves it. Nothing is built or pulled."""
    done, said = up(port=taken)
    assert done.returncode == 2
    assert f"port {taken} is in use by " in done.stderr
    assert f"(pid {os.getpid()})" in done.stderr
    assert f"make up APP_PORT={taken + 100}" in done.stderr
    assert not any(line.startswith("compose up") for line in said)


def test_a_port_of_another_container_is_named_by_the_container(up, taken):
    """The listener is docker's proxy, whose name would help nobody."""
    done, _ = up(port=taken, ps=(0, "shop shop-web-1"))
    assert done.returncode == 2
    assert "in use by the container shop-web-1" in done.stderr


def test_a_stack_that_is_up_is_brought_up_again(up, taken):
    """Its own ports are taken by itself."""
    done, _ = up(port=taken, ps=(0, "overlap overlap-app-1"))
    assert done.returncode == 0


def test_what_is_unhealthy_shows_its_last_lines(up):
    """Those that are well, or ended well, or wait for others, show none."""
    services = [
        {"Service": "init", "State": "exited", "ExitCode": 0, "Health": ""},
        {"Service": "redis", "State": "running", "ExitCode": 0, "Health": "healthy"},
        {"Service": "app", "State": "created", "ExitCode": 0, "Health": ""},
        {"Service": "postgres", "State": "running", "ExitCode": 0, "Health": "unhealthy"},
        {"Service": "jaeger", "State": "restarting", "ExitCode": 1, "Health": ""},
        {"Service": "loki", "State": "running", "ID": "l0", "Health": "starting"},
        {"Service": "collector", "State": "running", "ID": "c0", "Health": "starting"},
    ]
    done, _ = up(
        compose_up=(1, ""),
        compose_ps=(0, "\n".join(json.dumps(each) for each in services)),
        compose_logs=(0, "FATAL: could not write"),
        **{
            "inspect --format {{.RestartCount}} l0": (0, "0"),
            "inspect --format {{.RestartCount}} c0": (0, "7"),
        },
    )
    assert done.returncode == 1
    assert "postgres is unhealthy. Its last lines:\nFATAL: could not write" in done.stderr
    assert "jaeger is restarting. Its last lines:" in done.stderr
    assert "collector is started again and again. Its last lines:" in done.stderr
    assert not any(f"{name} is " in done.stderr for name in ("init", "redis", "app", "loki"))


def test_an_engine_that_does_not_answer_is_one_sentence(up):
    """Exit status 2, and nothing else is tried."""
    done, said = up(version=(1, ""))
    assert done.returncode == 2
    assert done.stderr.startswith("make up: the Docker engine does not answer")
    assert not any(line.startswith("compose up") for line in said)


def test_without_docker_it_says_what_needs_none(tmp_path):
    """The demo and the native stack."""
    done = subprocess.run(
        [sys.executable, ROOT / "docker/up.py"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "make demo, or make stack" in done.stderr


def test_make_up_runs_it(tmp_path):
    """With what is set on make's command line in its environment."""
    make = shutil.which("make")
    # `make test` tells a make below it that it is one: it would print the directories it enters.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        [make, "--dry-run", "up", "PROFILES=", "APP_PORT=9000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    assert done.stdout.split() == ["COMPOSE_PROFILES=", "python3", "docker/up.py"]
