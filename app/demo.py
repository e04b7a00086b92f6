"""The demo on plain Python: pocket, httpbin and the app, every lesson played, then served.

`make demo` runs this until Ctrl-C; `make play` plays once and exits with play's status.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from overlap.ports import describe_listener

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".demo" / "logs"
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0


@dataclass
class Service:
    """One process of the demo."""

    name: str
    command: list[str]
    ready_url: str
    process: subprocess.Popen | None = field(default=None)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return LOGS / f"{self.name}.log"


class DemoError(Exception):
    """Something the user can mend; `str(error)` says what."""


def main() -> int:
    """Start, play, serve. Exit status: play's; 2 if the demo could not start."""
    args = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    services = _services(args)
    try:
        _check_ports(args)
        _start(services, _environment(args))
        asyncio.run(_ready(services))
        status = _play(args)
        if args.once or args.bench:
            return status
        _urls(args)
        _serve(services)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if args.once or args.bench:
            return 130
    finally:
        _stop(services)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.demo", description=__doc__)
    parser.add_argument("lessons", nargs="*", help="play only these")
    parser.add_argument("--once", action="store_true", help="play, then exit with play's status")
    parser.add_argument("--bench", action="store_true", help="run overlap bench, then exit")
    parser.add_argument(
        "--stack",
        action="store_true",
        help="without pocket: a collector and a Jaeger stand at its two ports (make stack)",
    )
    parser.add_argument("--app-port", type=int, default=8000)
    parser.add_argument("--httpbin-port", type=int, default=8001)
    parser.add_argument("--otlp-port", type=int, default=4318)
    parser.add_argument("--traces-port", type=int, default=16686)
    return parser.parse_args()


def _environment(args: argparse.Namespace) -> dict[str, str]:
    return {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{args.otlp_port}",
        "OVERLAP_TRACES_URL": f"http://127.0.0.1:{args.traces_port}",
        "OVERLAP_APP_URL": f"http://127.0.0.1:{args.app_port}",
        "SMOKEHOUSE_UPSTREAM_URL": f"http://127.0.0.1:{args.httpbin_port}/",
        "DJANGO_SETTINGS_MODULE": "app.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _services(args: argparse.Namespace) -> list[Service]:
    python = sys.executable
    pocket = Service(
        "pocket",
        [
            *(python, "-m", "overlap", "pocket"),
            *("--otlp-port", str(args.otlp_port), "--port", str(args.traces_port)),
        ],
        f"http://127.0.0.1:{args.traces_port}/api/v3/services",
    )
    return [
        *([] if args.stack else [pocket]),
        Service(
            "httpbin",
            [python, "-m", "app.httpbin", "--port", str(args.httpbin_port)],
            f"http://127.0.0.1:{args.httpbin_port}/status/200",
        ),
        Service(
            "app",
            [python, "-m", "uvicorn", "app.asgi:application", "--port", str(args.app_port)],
            f"http://127.0.0.1:{args.app_port}/",
        ),
        # Only the admin needs the database: no lesson waits for this.
        Service("migrate", [python, "manage.py", "migrate", "--no-input"], ""),
    ]


def _check_ports(args: argparse.Namespace) -> None:
    wanted = {
        "APP_PORT": args.app_port,
        "HTTPBIN_PORT": args.httpbin_port,
    }
    if not args.stack:
        wanted |= {"OTLP_PORT": args.otlp_port, "TRACES_PORT": args.traces_port}
    if len(set(wanted.values())) < len(wanted):
        raise DemoError("the ports must differ")
    for name, port in wanted.items():
        if (owner := describe_listener(port)) is not None:
            raise DemoError(
                f"port {port} is in use by {owner}; end that, or choose another port: "
                f"make demo {name}={port + 100}"
            )


def _start(services: list[Service], environment: dict[str, str]) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    for service in services:
        with service.log.open("wb") as log:
            service.process = subprocess.Popen(
                service.command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C is ours alone: each process is then ended once, in order.
                start_new_session=True,
            )


async def _ready(services: list[Service]) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
        await asyncio.gather(*(_answers(client, each) for each in services if each.ready_url))


async def _answers(client: httpx.AsyncClient, service: Service) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        _check_alive(service)
        try:
            if (await client.get(service.ready_url)).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.05)
    raise DemoError(f"{service.name} did not answer at {service.ready_url}; see {service.log}")


def _check_alive(service: Service) -> None:
    if service.process is None or (code := service.process.poll()) is None:
        return
    if code == 0 and not service.ready_url:
        return
    last = "\n".join(service.log.read_text(errors="replace").splitlines()[-15:])
    raise DemoError(f"{service.name} ended with status {code}; its last lines:\n{last}")


def _play(args: argparse.Namespace) -> int:
    what = ["bench", "burst"] if args.bench else ["play", *args.lessons]
    command = [sys.executable, "-m", "overlap", *what]
    # In our session: Ctrl-C reaches it, and it ends by itself.
    return subprocess.run(command, cwd=ROOT, env=_environment(args), check=False).returncode


def _urls(args: argparse.Namespace) -> None:
    front = "Jaeger, with their traces:" if args.stack else "The lessons, played by a button:"
    print(
        f"""
{front:<54}http://127.0.0.1:{args.traces_port}/
The app:                                              http://127.0.0.1:{args.app_port}/
Its admin (python manage.py createsuperuser):         http://127.0.0.1:{args.app_port}/admin/
The upstream, httpbin:                                http://127.0.0.1:{args.httpbin_port}/
OTLP/HTTP in:                                         http://127.0.0.1:{args.otlp_port}
What each process wrote:                              {LOGS.relative_to(ROOT)}/

Serving until Ctrl-C.""",
        flush=True,
    )


def _serve(services: list[Service]) -> None:
    while True:
        for service in services:
            _check_alive(service)
        time.sleep(0.5)


def _stop(services: list[Service]) -> None:
    """End every process we started: the app first, so that pocket still takes its last spans."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for service in reversed(services):
        process = service.process
        if process is None or process.poll() is not None:
            continue
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
