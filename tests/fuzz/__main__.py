"""`python -m tests.fuzz`: run the targets, each in a process of its own."""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import time

from tests.fuzz.engine import failure, fuzz, inputs
from tests.fuzz.targets import NAMES, load


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=float, default=60.0, help="all targets together")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once")
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="repeat a run")
    parser.add_argument("--alone", metavar="TARGET", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--replay", action="store_true", help="only what was kept, once each")
    options = parser.parse_args()
    if options.alone:
        return _alone(options)
    chosen = options.targets or [*NAMES]
    if unknown := set(chosen) - set(NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    each = options.seconds * min(options.jobs, len(chosen)) / len(chosen)
    print(f"{len(chosen)} targets, {each:.0f} s each, seed {options.seed}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        statuses = [*pool.map(lambda name: _start(name, each, options), chosen)]
    return max(statuses)


def _start(name: str, seconds: float, options: argparse.Namespace) -> int:
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz", "--alone", name]
    command += [f"--seconds={seconds}", f"--seed={options.seed}"]
    command += ["--replay"] if options.replay else []
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
    found = subprocess.run(
        command, env=clean, capture_output=True, text=True, errors="replace", check=False
    )
    status = 1 if found.returncode else 0
    noise = found.stderr[-3000:] if status else ""
    print(found.stdout + noise, end="", flush=True)
    return status


def _alone(options: argparse.Namespace) -> int:
    target = load(options.alone)
    if options.replay:
        failed = {name: found for name, data in inputs(target) if (found := failure(target, data))}
        for name, found in failed.items():
            print(f"{target.name}: {name}: {found}")
        return min(len(failed), 1)
    result = fuzz(target, options.seconds, print, options.seed)
    print(
        f"{target.name:<12} {result.runs:>8,} inputs  {result.lines:>5,} lines reached  "
        f"{result.kept:>3} kept  {len(result.failures)} failures"
    )
    return min(len(result.failures), 1)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # threads of a server in this process would wait
