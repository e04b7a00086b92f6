"""Run the demo without Docker: start all its processes, play every scenario, then serve.

`make demo` runs this until Ctrl-C. `make play` plays once and exits with play's status.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from app import servers
from app.demo_arguments import arguments
from app.scenarios import SCENARIOS
from app.services import LOGS, ROOT, DemoError, Service, ready, start, stop, watch
from app.settings import ASYNC_DATABASE, BROKER_URL, DATABASES
from overlap.errors import OverlapError
from overlap.ports import describe_listener
from overlap.runtime.stop_signals import exit_at_first

CELERY = [sys.executable, "-m", "celery", "-A", "app.celery"]
# The only worker needs no messages from others; without them it starts a second sooner.
WORKER = ["worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]

NOT_AWAITED = {"worker", "beat"}
"""All scenarios can start before these are ready: theirs are the last, and messages wait."""


def main() -> int:
    """Start, play and serve. Return play's exit status, or 2 if the demo could not start."""
    args = arguments(__doc__)
    exit_at_first()
    services = _services(args)
    try:
        _check_scenarios(args)
        _check_ports(args)
        start(services, _environment(args))
        asyncio.run(
            ready([each for each in services if args.scenarios or each.name not in NOT_AWAITED])
        )
        status = 0 if args.no_play else _play(args, services)
        if args.once or args.bench:
            return status
        _urls(args)
        _serve(args, services)
    except (DemoError, OverlapError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if args.once or args.bench:
            return 130
    finally:
        stop(services)
    return 0


def _environment(args: argparse.Namespace) -> dict[str, str]:
    return {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{args.otlp_port}",
        "OVERLAP_TRACES_URL": f"http://127.0.0.1:{args.traces_port}",
        "OVERLAP_PAGE_URL": f"http://127.0.0.1:{args.page_port}" if args.stack else "none",
        "OVERLAP_START_HINT": "make stack" if args.stack else "make demo",
        "OVERLAP_APP_URL": f"http://127.0.0.1:{args.app_port}",
        "OVERLAP_APP_URL_WORKERS": f"http://127.0.0.1:{args.workers_port}",
        "OVERLAP_APP_URL_WSGI": f"http://127.0.0.1:{args.wsgi_port}",
        **_async_database(args),
        "SMOKEHOUSE_UPSTREAM_URL": f"http://127.0.0.1:{args.httpbin_port}/",
        "SMOKEHOUSE_MAIL_URL": f"smtp://127.0.0.1:{args.mail_port}",
        # Another demo on this machine has another port, and so its own broker and worker.
        "SMOKEHOUSE_BROKER_URL": f"{BROKER_URL}-{args.app_port}",
        "SMOKEHOUSE_ALLOW_KILL": "1",
        "DJANGO_SETTINGS_MODULE": "app.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _async_database(args: argparse.Namespace) -> dict[str, str]:
    """Return the address of the app as that of the server `postgresql`, where it can be that."""
    if ASYNC_DATABASE not in DATABASES:
        return {}
    return {"OVERLAP_APP_URL_POSTGRESQL": f"http://127.0.0.1:{args.app_port}"}


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
    page = Service(
        "page",
        [python, "-m", "overlap", "page", "--port", str(args.page_port)],
        f"http://127.0.0.1:{args.page_port}/static/icon.svg",
    )
    return [
        page if args.stack else pocket,
        Service(
            "httpbin",
            [python, "-m", "app.httpbin", "--port", str(args.httpbin_port)],
            f"http://127.0.0.1:{args.httpbin_port}/status/200",
        ),
        Service(
            "mail",
            [python, "-m", "app.mail", "--port", str(args.mail_port)],
            f"smtp://127.0.0.1:{args.mail_port}",
        ),
        *(_server(kind, port) for kind, port in _ports(args).items()),
        Service("worker", [*CELERY, *WORKER], ready_line="worker ready"),
        Service("beat", [*CELERY, "beat"], ready_line="beat ready"),
        Service("migrate", [python, "manage.py", "migrate", "--no-input"], ""),
    ]


def _server(kind: str, port: int) -> Service:
    name = f"app-{kind}" if kind else "app"
    environment = {"OTEL_SERVICE_NAME": servers.SERVICE_NAMES[kind]}
    url = f"http://127.0.0.1:{port}/"
    return Service(name, servers.command(kind, port), url, environment, restart=not kind)


def _ports(args: argparse.Namespace) -> dict[str, int]:
    """Return the app's servers to start, each with its port."""
    every = {"": args.app_port, "workers": args.workers_port, "wsgi": args.wsgi_port}
    if not (args.once or args.bench):
        return every
    played = [each for each in SCENARIOS if not args.scenarios or each.name in args.scenarios]
    needed = {"", *(each.server for each in played if not args.bench)}
    return {kind: port for kind, port in every.items() if kind in needed}


def _check_scenarios(args: argparse.Namespace) -> None:
    """Reject unknown scenario names before anything starts, as `overlap play` does."""
    if args.scenarios:
        from overlap.commands.play import select

        select(SCENARIOS, args.scenarios)


def _check_ports(args: argparse.Namespace) -> None:
    wanted = {
        "HTTPBIN_PORT": args.httpbin_port,
        "MAIL_PORT": args.mail_port,
        **{f"{kind or 'app'}_port".upper(): port for kind, port in _ports(args).items()},
    }
    if args.stack:
        wanted |= {"PAGE_PORT": args.page_port}
    else:
        wanted |= {"OTLP_PORT": args.otlp_port, "TRACES_PORT": args.traces_port}
    if len(set(wanted.values())) < len(wanted):
        raise DemoError("the ports must differ")
    for name, port in wanted.items():
        if (owner := describe_listener(port)) is not None:
            raise DemoError(
                f"port {port} is in use by {owner}; end that, or choose another port: "
                f"make demo {name}={port + 100}"
            )


def _play(args: argparse.Namespace, services: list[Service]) -> int:
    what = ["bench", "burst"] if args.bench else ["play", *args.scenarios]
    command = [sys.executable, "-m", "overlap", *what, *(["--json"] if args.json else [])]
    if args.json:
        with Path(args.json).open("w", encoding="utf-8") as file:
            return _run(command, args, services, file)
    return _run(command, args, services)


def _run(
    command: list[str],
    args: argparse.Namespace,
    services: list[Service],
    output: IO[str] | None = None,
) -> int:
    # In our session, so Ctrl-C reaches it too and it ends by itself.
    with subprocess.Popen(command, cwd=ROOT, env=_environment(args), stdout=output) as play:
        try:
            while play.poll() is None:
                watch(services, _environment(args))
                time.sleep(0.1)
        except BaseException:
            play.kill()
            raise
    return play.returncode


def _urls(args: argparse.Namespace) -> None:
    front = "Jaeger, with their traces:" if args.stack else "The scenarios, with a button to play:"
    page = (
        f"\nVerdicts, routes, a button to play each scenario:     http://127.0.0.1:{args.page_port}/"
        if args.stack
        else ""
    )
    print(
        f"""
{front:<54}http://127.0.0.1:{args.traces_port}/{page}
The app:                                              http://127.0.0.1:{args.app_port}/
Its admin (python manage.py createsuperuser):         http://127.0.0.1:{args.app_port}/admin/
The app under gunicorn, with three workers:           http://127.0.0.1:{args.workers_port}/
The app under gunicorn and WSGI, with threads:        http://127.0.0.1:{args.wsgi_port}/
The upstream, httpbin:                                http://127.0.0.1:{args.httpbin_port}/
The mail server:                                      smtp://127.0.0.1:{args.mail_port}
OTLP/HTTP receiver:                                   http://127.0.0.1:{args.otlp_port}
The log of each process:                              {LOGS.relative_to(ROOT)}/

Serving until Ctrl-C.""",
        flush=True,
    )


def _serve(args: argparse.Namespace, services: list[Service]) -> None:
    while True:
        watch(services, _environment(args))
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
