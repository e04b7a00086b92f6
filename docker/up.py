"""Start the stack in Docker: check the ports, wait until all is healthy, print every address.

`make up` runs this; nothing but Python's standard library and docker is needed. A service that does
not become healthy is named, with its last lines.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from overlap.ports import describe_listener  # noqa: E402

COMPOSE = ("docker", "compose")
LAST_LINES = 20


class UpError(Exception):
    """Something the user can mend; `str(error)` says what."""


def main() -> int:
    """Exit status: 0 if all is healthy, 1 if a service is not, 2 where it can't be started."""
    try:
        config = _config()
        check_ports(config)
    except UpError as error:
        print(f"make up: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(
        f"Starting {len(config['services'])} services, and waiting until each is healthy. "
        "The first time, images are pulled and ours is built: minutes.",
        flush=True,
    )
    try:
        done = subprocess.run([*COMPOSE, "up", "--build", "--detach", "--wait"], check=False)
        if done.returncode:
            return _say_what_failed()
    except KeyboardInterrupt:
        print("make up: interrupted; `make down` stops what was started", file=sys.stderr)
        return 130
    addresses = config["services"]["app"]["environment"]["SMOKEHOUSE_URLS"]
    print("\n".join(part.strip() for part in addresses.split("|")))
    return 0


def _config() -> dict[str, Any]:
    """Return the project as compose understands it, with the variables of this environment."""
    if shutil.which(COMPOSE[0]) is None:
        raise UpError("there is no docker on PATH; without Docker: make demo, or make stack")
    done = _run(*COMPOSE, "config", "--format", "json")
    if done.returncode:
        raise UpError(f"docker compose can't read the project: {done.stderr.strip()}")
    config: dict[str, Any] = json.loads(done.stdout)
    engine = _run("docker", "version", "--format", "{{.Server.Version}}")
    if engine.returncode:
        raise UpError(f"the Docker engine does not answer: {engine.stderr.strip()}")
    return config


def check_ports(config: dict[str, Any]) -> None:
    """Raise UpError if a port to publish is taken by someone else; name the owner of each."""
    variables = _variables()
    taken = []
    for service in config["services"].values():
        for port in service.get("ports", []):
            number = int(port["published"])
            owner = _owner(number, config["name"])
            if owner:
                name = variables.get(str(port["target"]), "")
                taken.append(
                    f"port {number} is in use by {owner}; end that, or choose another port: "
                    f"make up {name}={number + 100}"
                )
    if taken:
        raise UpError("\n".join(taken))


def _variables() -> dict[str, str]:
    """Return the variable that moves each published port, by the port inside the container."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return {inside: name for name, inside in re.findall(r"\$\{(\w+):-\d+\}:(\d+)\"", text)}


def _owner(port: int, project: str) -> str | None:
    """Return who has the port, or None where it is free or the project's own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            pass
        else:
            return None
    label = '{{.Label "com.docker.compose.project"}} {{.Names}}'
    listed = _run("docker", "ps", "--filter", f"publish={port}", "--format", label)
    for line in listed.stdout.splitlines():
        of_project, _, name = line.partition(" ")
        return None if of_project == project else f"the container {name}"
    return describe_listener(port) or "another process"


def _say_what_failed() -> int:
    """Print each service that is not healthy, with its last lines. Return the exit status."""
    listed = _run(*COMPOSE, "ps", "--all", "--format", "json").stdout
    for each in _objects(listed):
        state, health = each.get("State", ""), each.get("Health", "")
        ended_well = state == "exited" and each.get("ExitCode") == 0
        if ended_well or state == "created":
            continue
        if state == "running" and health != "unhealthy":
            if health == "healthy" or not _was_restarted(each.get("ID", "")):
                continue
            health = "started again and again"  # between two ends it looks as one that starts
        print(f"\n{each['Service']} is {health or state}. Its last lines:", file=sys.stderr)
        logs = _run(*COMPOSE, "logs", "--no-log-prefix", "--tail", str(LAST_LINES), each["Service"])
        print((logs.stdout + logs.stderr).rstrip() or "(it wrote none)", file=sys.stderr)
    print(
        "\nNot every service is healthy. `docker compose ps` lists them; `make up` tries again.",
        file=sys.stderr,
    )
    return 1


def _was_restarted(container: str) -> bool:
    """Return whether the engine has started a container again after it ended."""
    done = _run("docker", "inspect", "--format", "{{.RestartCount}}", container)
    return done.stdout.strip() not in ("", "0")


def _objects(text: str) -> list[dict[str, Any]]:
    """Read one JSON array, as older versions of compose write it, or one object a line."""
    if text.lstrip().startswith("["):
        listed: list[dict[str, Any]] = json.loads(text)
        return listed
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
