"""Measure what the page of a large trace costs: judged, laid out and drawn as pocket does it."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from overlap.bench.verdict_cost import Case, write
from overlap.judge.trace_verdict import verdict_on_tree
from overlap.judge.tree.repair import repair
from overlap.pocket.pages.drawing.judged_traces import ROWS
from overlap.pocket.pages.drawing.waterfall import picture
from overlap.trace import read_stream
from overlap.waterfall import Outline

SPANS = 50_000
MOST_S = 2.0
"""Processor time until the page of so many spans can be answered."""


def page_s(rounds: int, say: Callable[[str], None]) -> float:
    """Return the processor time in s that the page of SPANS spans takes, the best of `rounds`.

    Each round is a process of its own, with the garbage collector on, as in pocket.
    """
    say(f"drawing the page of {SPANS:,} spans")
    with tempfile.TemporaryDirectory(prefix="overlap-bench-") as folder:
        path = Path(folder) / "page.jsonl"
        with path.open("w") as file:
            write(file, Case(SPANS, 1))
        command = [sys.executable, "-m", __name__, str(path)]
        return min(float(subprocess.check_output(command)) for _ in range(rounds))


def missed(seconds: float) -> list[str]:
    """Return a sentence if the page takes longer than MOST_S."""
    if seconds <= MOST_S:
        return []
    return [f"the page of {SPANS:,} spans took {seconds:.2f} s, more than {MOST_S} s"]


def main(path: str) -> None:
    """Print the processor time of one page."""
    gc.enable()
    began = time.process_time()
    with Path(path).open("rb") as file:
        (trace,) = read_stream(file)
    tree = repair(trace.spans, trace.trace_id)
    verdict = verdict_on_tree(tree, trace.warnings)
    drawn = picture(Outline(trace, verdict, tree).overview(ROWS))
    assert drawn.rows  # noqa: S101  an empty page would be fast
    print(time.process_time() - began)


if __name__ == "__main__":
    main(sys.argv[1])
