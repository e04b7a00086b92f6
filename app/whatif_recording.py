"""Play the scenarios that `make whatif` compares, and keep their traces as OTLP JSON."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.scenarios import SCENARIOS
from app.services import ROOT, STOP_WITHIN_S, DemoError
from app.whatif_trials import LOADS, Trial
from overlap.backend import Backend
from overlap.play import Player

PLAYS = 3
PORTS = ("app", "workers", "wsgi", "mail", "httpbin", "otlp", "traces", "page")


def trace_file(folder: Path, scenario: str, scale: str) -> Path:
    """Return the file with the traces of a scenario at a time scale."""
    return folder / (f"{scenario}.jsonl" if scale == "1" else f"{scenario}-{scale}.jsonl")


def record(folder: Path, trials: list[Trial]) -> None:
    """Play what is not in the folder yet: each scenario PLAYS times, each load once."""
    wanted = [
        each for trial in trials for each in ((trial.before, "1"), (trial.after, trial.scale))
    ]
    for scale in dict.fromkeys(scale for _, scale in wanted):
        missing = [
            name
            for name, of in dict.fromkeys(wanted)
            if of == scale and not trace_file(folder, name, scale).exists()
        ]
        if missing:
            with demo(scale) as ports:
                asyncio.run(_play(folder, missing, scale, ports))


async def _play(folder: Path, names: list[str], scale: str, ports: dict[str, int]) -> None:
    every = {each.name: each for each in SCENARIOS} | LOADS
    url = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    async with (
        httpx.AsyncClient(base_url=url["traces"], timeout=60, trust_env=False) as pocket,
        Backend(url["traces"]) as backend,
        Player(url["app"], url["otlp"], backend, servers={"workers": url["workers"]}) as player,
    ):
        for name in ("index", "menu", "menu"):
            await player.play(every[name])  # what first requests make is no part of it
        for name in names:
            print(f"play {name}", file=sys.stderr, flush=True)
            lines = []
            for _ in range(1 if name in LOADS else PLAYS):
                played = await player.play(every[name])
                answer = await pocket.get(f"/api/v3/traces/{played.trace_id}")
                lines.append(answer.content + b"\n")
            trace_file(folder, name, scale).write_bytes(b"".join(lines))


@contextmanager
def demo(scale: str) -> Iterator[dict[str, int]]:
    """Run the demo at a time scale; yield its ports. Raise DemoError if it does not start."""
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    options = [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
    with subprocess.Popen(
        [sys.executable, "-m", "app.demo", "--no-play", *options],
        cwd=ROOT,
        env={**os.environ, "SMOKEHOUSE_TIME_SCALE": scale},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if not any(line.startswith("Serving") for line in process.stdout or ()):
                raise DemoError("the demo did not start; see above")
            yield ports
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(2 * STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
