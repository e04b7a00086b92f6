"""The loop: take an input, change it, run it, keep what reached a new line and what failed."""

import faulthandler
import hashlib
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.coverage import Lines
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import Target

HERE = Path(__file__).parent
HANGS_AFTER_S = 20
"""Of processor time: on a machine that others use, an input may wait much longer for its turn."""
STUCK_AFTER_S = 300
"""Of time: what waits for a lock or a join uses no processor."""
KEPT_BYTES = 4000
"""Of an input of the corpus: a larger one is used in its run and not kept."""
KEPT = 150
"""Inputs of one target's corpus."""
SHRINKS_FOR_S = 5.0


@dataclass
class Result:
    """What one run did."""

    runs: int = 0
    lines: int = 0
    kept: int = 0
    failures: dict[str, Path] = field(default_factory=dict)
    """Where each failure is kept, by its place in the code."""


class Hangs(Exception):
    """An input took longer than HANGS_AFTER_S, or did not go on for STUCK_AFTER_S."""


def inputs(
    target: Target, folders: tuple[str, ...] = ("corpus", "found")
) -> list[tuple[str, bytes]]:
    """Return the name and content of each kept input, the seeds first."""
    kept = [
        (str(path.relative_to(HERE)), path.read_bytes())
        for folder in folders
        for path in sorted((HERE / folder / target.name).glob("*"))
    ]
    return [*((f"seed {n}", seed) for n, seed in enumerate(target.seeds())), *kept]


def failure(target: Target, data: bytes) -> str:
    """Run one input; return where it failed, with the traceback, or an empty string."""
    try:
        with _alarm():
            target.check(data)
    except Exception as error:
        return _place(error) + "\n" + "".join(traceback.format_exception(error))
    return ""


def fuzz(target: Target, seconds: float, say: Callable[[str], None], seed: int) -> Result:
    """Run one target for so many seconds."""
    random, lines, result = Random(seed), Lines(), Result()
    pool = []
    for _, data in inputs(target):
        _try(target, data, lines, result, say)
        pool.append(data)
    deadline = time.monotonic() + seconds
    fresh: list[bytes] = []
    while time.monotonic() < deadline:
        # What reached a new line lately is nearest to the next one.
        data = random.choice(fresh[-20:] if fresh and random.random() < 0.4 else pool)
        data = mutated(data, pool, random)
        before = lines.count
        failed = _try(target, data, lines, result, say)
        if lines.count > before and not failed:
            pool.append(data)
            fresh.append(data)
            result.kept += _keep(target, data)
    result.lines = lines.count
    return result


def _try(
    target: Target, data: bytes, lines: Lines, result: Result, say: Callable[[str], None]
) -> bool:
    result.runs += 1
    (running := HERE / f".running-{target.name}").write_bytes(data)
    lines.start()
    try:
        failed = failure(target, data)
    finally:
        lines.stop()
    running.unlink()
    place = failed.partition("\n")[0]
    if failed and place not in result.failures:
        data = _smaller(target, data, place)
        result.failures[place] = path = _path("found", target, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        say(f"{target.name}: {failed}\n  kept in {path}")
    return bool(failed)


def _keep(target: Target, data: bytes) -> bool:
    path = _path("corpus", target, data)
    if len(data) > KEPT_BYTES or len([*path.parent.glob("*")]) >= KEPT:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def _path(folder: str, target: Target, data: bytes) -> Path:
    return HERE / folder / target.name / hashlib.sha256(data).hexdigest()[:12]


def _smaller(target: Target, data: bytes, place: str) -> bytes:
    """Return a shorter input that fails at the same place."""
    deadline = time.monotonic() + SHRINKS_FOR_S
    size = len(data) // 2
    while size and time.monotonic() < deadline:
        at = 0
        while at < len(data) and time.monotonic() < deadline:
            shorter = data[:at] + data[at + size :]
            if failure(target, shorter).partition("\n")[0] == place:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def _place(error: BaseException) -> str:
    """Return the error and its place: overlap's own line, or the target's that found it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/overlap/" in frame.filename]
    targets = [frame for frame in frames if "/targets/" in frame.filename]
    where = (ours or targets or frames)[-1]
    return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"


@contextmanager
def _alarm():
    began, used = time.monotonic(), time.process_time()

    def look(*_: object) -> None:
        took, worked = time.monotonic() - began, time.process_time() - used
        if worked >= HANGS_AFTER_S * 0.9 or took >= STUCK_AFTER_S:
            raise Hangs(f"no end after {took:.0f} s, {worked:.0f} s of processor time")
        signal.alarm(HANGS_AFTER_S)

    before = signal.signal(signal.SIGALRM, look)
    signal.alarm(HANGS_AFTER_S)
    # What no exception reaches is shown, and ends the process.
    faulthandler.dump_traceback_later(STUCK_AFTER_S + 2 * HANGS_AFTER_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
