"""What the worker processes of a survey do: read inputs into parts, judge parts."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from overlap.survey.shuffle.judging import Selection, judge_part
from overlap.survey.shuffle.parts import Parts
from overlap.survey.sources.inputs import Input
from overlap.survey.sources.mapping import Outcome, Reader
from overlap.survey.totals.model import Totals

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event


@dataclass(slots=True)
class _Worker:
    parts: Parts
    reader: Reader


_here: list[_Worker] = []
"""The one of this process."""


def start(folder: str, limit: int | None, stop: Event) -> None:
    """Prepare this process. Spans form no cycles, and are many: they are not searched for any."""
    gc.disable()
    parts = Parts(Path(folder) / f"worker-{os.getpid()}", limit)
    _here[:] = [_Worker(parts, Reader(parts, stop.is_set))]


def read(inputs: list[Input]) -> tuple[list[Outcome], list[str]]:
    """Read inputs into the files of this process; return the smallest trace ids, if limited.

    There are fewer outcomes than inputs if it was to stop.
    """
    worker = _here[0]
    outcomes: list[Outcome] = []
    for one in inputs:
        if outcomes and worker.reader.is_stopped():
            break
        outcomes.append(worker.reader.file(one))
    worker.parts.write()
    return outcomes, [] if worker.parts.ids is None else worker.parts.ids.found()


def judge(paths: list[Path], selection: Selection) -> Totals:
    """Return the sums of a part."""
    totals = judge_part(paths, selection).totals
    for path in paths:
        path.unlink()  # what is judged takes no more disk
    return totals
