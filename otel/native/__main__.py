"""The command line: `python -m otel.native build|run`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from otel.native.build import build
from otel.native.errors import BuildError, StackError
from otel.native.scale import cost, proof
from otel.native.servers import servers
from otel.native.stack import HOST, Ports, Stack
from overlap.ports import describe_listener
from overlap.runtime.stop_signals import exit_at_first

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Return the exit status: the command's, or 0; 2 if the user can help; 130 for Ctrl-C."""
    args = _arguments()
    console = Console(highlight=False)
    exit_at_first()
    if args.do == "has":
        return 0 if servers()[args.server].is_built else 1
    try:
        if args.do == "build":
            build(args.servers, console, part=args.part)
            return 0
        build([], console)
        return _scale(args, console) if args.do == "scale" else _run(args, console)
    except (BuildError, StackError) as error:
        print(f"stack: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _scale(args: argparse.Namespace, console: Console) -> int:
    build([], console, part="scale")
    if args.cost:
        return cost.run(args.data, console)
    plan = proof.Plan(args.load, args.rate, args.latency, args.kafka)
    return proof.run(args.data, plan, console)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m otel.native", description=__doc__)
    does = parser.add_subparsers(dest="do", required=True)
    building = does.add_parser("build", help="build the servers that are not built yet")
    building.add_argument("servers", nargs="*", help="only these")
    building.add_argument(
        "--part", choices=["stack", "scale"], default="stack",
        help="the stack's, or what compose.scale.yml has beyond it",
    )  # fmt: skip
    has = does.add_parser("has", help="exit 0 if the server's binary is there, 1 if not")
    has.add_argument("server", choices=[*servers()])
    running = does.add_parser("run", help="build what is missing, then run them until Ctrl-C")
    running.add_argument(
        "--data", type=Path, default=ROOT / ".demo" / "stack", help="the folder for their data"
    )
    running.add_argument(
        "command", nargs="*", help="a command to run once they are ready, after --"
    )
    scale = does.add_parser(
        "scale", help="run what compose.scale.yml has, until Ctrl-C, or prove that it loses nothing"
    )
    scale.add_argument("--data", type=Path, default=ROOT / ".demo" / "scale")
    scale.add_argument(
        "--load", type=float, default=0, metavar="SECONDS",
        help="send requests for so long in each of five phases, of which four kill a part",
    )  # fmt: skip
    scale.add_argument(
        "--cost", action="store_true",
        help="measure what a span costs in each tier, and print what many of them cost",
    )  # fmt: skip
    scale.add_argument(
        "--latency", action="store_true",
        help="with --load: only GET /, the apps on a core of their own (needs two cores)",
    )  # fmt: skip
    scale.add_argument(
        "--kafka", type=float, metavar="SECONDS",
        help="with --load: leave Kafka dead for so long (half of a phase), with as much more load",
    )  # fmt: skip
    scale.add_argument("--rate", type=float, default=40, help="requests a second (40)")
    return parser.parse_args()


def _run(args: argparse.Namespace, console: Console) -> int:
    folder, command = args.data, args.command
    ports = Ports()
    for name, port in vars(ports).items():
        if (owner := describe_listener(port)) is not None:
            raise StackError(f"port {port} ({name}) is in use by {owner}; end that first")
    if servers()["loki"].binary is None:
        console.print(
            "No Loki: log lines show on their spans and are not stored. Put a `loki` binary from "
            "its release page on PATH, or name it in OVERLAP_LOKI.", style="yellow",
        )  # fmt: skip
    with Stack(folder, ports) as stack:
        for name in stack.servers:
            stack.start(name)
        stack.wait()
        if command:
            # In our session: Ctrl-C reaches it too, so it ends before the servers do.
            return subprocess.run(command, cwd=ROOT, check=False).returncode
        console.print(_urls(stack))
        while True:
            stack.check()
            time.sleep(0.5)


def _urls(stack: Stack) -> str:
    lines = [
        ("Jaeger", stack.url("jaeger")),
        ("Prometheus", stack.url("prometheus")),
        *([("Loki, for Grafana", stack.url("loki"))] if stack.has_loki else []),
        ("OTLP in, HTTP", stack.url("otlp_http")),
        ("OTLP in, gRPC", f"{HOST}:{stack.ports.otlp_grpc}"),
        ("Log of each server", f"{stack.folder}/*.log"),
    ]
    return "\n".join(f"{name:<24}{url}" for name, url in lines) + "\n\nServing until Ctrl-C."


if __name__ == "__main__":
    sys.exit(main())
