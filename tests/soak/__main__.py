"""`python -m tests.soak`: run the soak and judge it; exit status 1 where a check fails."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from overlap.runtime.stop_signals import exit_at_first
from tests.soak.run import Soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=6, help="how many ask at once")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--collector", action="store_true", help="send through the native collector")
    way.add_argument("--endpoint", help="send there, and count nothing")
    parser.add_argument("--keep", type=Path, help="a folder for logs and data, which are kept")
    options = parser.parse_args()
    exit_at_first()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        return Soak(options, folder, stack).run()


if __name__ == "__main__":
    sys.exit(main())
