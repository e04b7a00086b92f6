"""Run the blocks of one page, in order, in a folder of their own."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx

from tests.docs.samples import missing

DEADLINE_S = 60.0
_ADDRESSES = re.compile(r"page (http://\S+?), telemetry to (http://\S+)")


class Session:
    """A folder, an environment, and the servers that a page has started so far."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.servers = []
        self._before = {}
        port = free_port()
        self.app_url = f"http://127.0.0.1:{port}"
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
        keep.pop("CI", None)
        self.environment = {
            **keep,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "default",
            "COLUMNS": "110",
            "UVICORN_PORT": str(port),
            "OVERLAP_APP_URL": self.app_url,
        }

    def write(self, name, text):
        """Write a file of the page. Python and TOML must parse."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".py":
            compile(text, name, "exec")
        if path.suffix == ".toml":
            tomllib.loads(text)

    def run(self, text, status=0):
        """Run each command of a console block, and compare what follows it on the page."""
        for command, sample in commands(text):
            done = subprocess.run(
                ["bash", "-c", command], cwd=self.folder, env=self.environment, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_S * 2,
            )  # fmt: skip
            assert done.returncode == status, f"{command}\n{done.stdout}"
            lacks = missing(sample, done.stdout)
            assert lacks is None, f"{command} did not print {lacks!r}:\n{done.stdout}"

    def serve(self, text, path):
        """Start the server of a console block, get `path` of the app, and compare the sample."""
        ((command, sample),) = commands(text)
        self._stop_app()
        log = self.folder / f"server-{len(self.servers)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                shlex.split(self._with_ports(command)), cwd=self.folder, env=self.environment,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.servers.append((command, process))

        def printed():
            assert process.poll() is None, f"{command} ended:\n{log.read_text()}"
            return log.read_text()

        if command.startswith("overlap run"):
            poll(lambda: _ADDRESSES.search(printed()), command)
            page, otlp = _ADDRESSES.search(printed()).groups()
            self._backend(otlp, page)
        if path:
            poll(lambda: printed() is not None and answers(self.app_url + path), command)
            poll(lambda: self.sees(path), f"a span of GET {path}", printed)
        poll(lambda: missing(sample, printed()) is None, f"{command}: {sample}", printed)

    def _with_ports(self, command):
        """Give `overlap run` and `overlap pocket` ports of their own, and later commands theirs."""
        if not command.startswith(("overlap run", "overlap pocket")):
            return command
        otlp, page = free_port(), free_port()
        if command == "overlap pocket":
            self._backend(f"http://127.0.0.1:{otlp}", f"http://127.0.0.1:{page}")
        verb = " ".join(command.split()[:2])
        return command.replace(verb, f"{verb} --otlp-port {otlp} --port {page}", 1)

    def _backend(self, otlp, page):
        """Let the commands that follow find this backend."""
        self.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp
        self.environment["OVERLAP_TRACES_URL"] = page

    def sees(self, path):
        """Return whether a server span of this request has arrived at the backend."""
        base = f"{self.environment['OVERLAP_TRACES_URL']}/api/v3"
        services = httpx.get(f"{base}/services").json().get("services", [])
        answers = [
            httpx.get(
                f"{base}/traces",
                params={
                    "query.serviceName": service,
                    "query.startTimeMin": "2020-01-01T00:00:00Z",
                    "query.startTimeMax": "2100-01-01T00:00:00Z",
                    "query.searchDepth": "20",
                },
            ).text
            for service in services
        ]
        routes = re.findall(r'"name": ?"GET ([^"]+)"', "".join(answers))
        return any(path.endswith(route) for route in routes)

    def _stop_app(self):
        """End the server of the app that runs, but not pocket: its port is the next one's."""
        for command, process in self.servers:
            if command != "overlap pocket":
                end(process)

    def close(self):
        """End every server."""
        for _, process in reversed(self.servers):
            end(process)


def commands(text):
    """Return each command of a console block, with the output that follows it."""
    parts = re.split(r"^\$ ", text, flags=re.M)
    assert not parts[0].strip(), f"a console block begins with a prompt: {text}"
    found = []
    for part in parts[1:]:
        command, _, sample = part.partition("\n")
        found.append((re.sub(r"\s+#.*", "", command), sample))
    return found


def end(process):
    """Stop a server as Ctrl-C does."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def poll(done, what, printed=lambda: ""):
    """Wait until `done` says so."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s: {what}\n{printed()}"
        time.sleep(0.1)


def answers(url):
    """Whether the app answers, with anything."""
    try:
        return httpx.get(url, timeout=10).status_code < 500
    except httpx.TransportError:
        return False


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
