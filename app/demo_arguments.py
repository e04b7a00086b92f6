"""The options of the demo."""

import argparse


def arguments(description: str | None) -> argparse.Namespace:
    """Read the options of `python -m app.demo`."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description=description)
    parser.add_argument("scenarios", nargs="*", help="play only these")
    parser.add_argument("--no-play", action="store_true", help="only serve")
    parser.add_argument("--once", action="store_true", help="play, then exit with play's status")
    parser.add_argument(
        "--json", metavar="FILE", help="write what `overlap play --json` prints to FILE, then exit"
    )
    parser.add_argument("--bench", action="store_true", help="run overlap bench, then exit")
    parser.add_argument(
        "--stack",
        action="store_true",
        help="start no pocket: a collector and Jaeger listen on its two ports (make stack)",
    )
    parser.add_argument("--app-port", type=int, default=8000)
    parser.add_argument("--workers-port", type=int, default=8002)
    parser.add_argument("--wsgi-port", type=int, default=8003)
    parser.add_argument("--mail-port", type=int, default=8025)
    parser.add_argument("--httpbin-port", type=int, default=8001)
    parser.add_argument("--otlp-port", type=int, default=4318)
    parser.add_argument("--traces-port", type=int, default=16686)
    parser.add_argument("--page-port", type=int, default=8004)
    args = parser.parse_args()
    args.once = args.once or bool(args.json)
    return args
