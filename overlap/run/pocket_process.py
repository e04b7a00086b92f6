"""Pocket as a child of `overlap run`: it ends with its parent, however that ends.

Its standard input is a pipe that nothing is written to. When the parent is gone, even by SIGKILL,
the operating system closes it, and pocket frees its ports for the next `overlap run`.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run `overlap pocket` with this process's arguments until standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv[1:1] = ["pocket"]
    runpy.run_module("overlap", run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
