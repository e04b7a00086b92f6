"""The processor time of a request by package: writes docs/explanation/profile.md.

py-spy samples each variant's server under load, only the threads that have the GIL; a sample
counts for the package of its innermost Python frame.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from overlap.bench.load.saturation import full_load, load_by
from overlap.bench.server.process import Failed, Server, running_sink
from overlap.bench.server.variants import choose
from overlap.errors import OverlapError

VARIANTS = "none,stock,overlap-not-lean,overlap"
SECONDS = 10
HERTZ = 400
PACKAGES = (
    "uvicorn", "asgiref", "django", "opentelemetry", "overlap", "structlog", "wrapt",
)  # fmt: skip
"""The packages with a row of their own; the rest is the standard library and others."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One variant under full load."""

    rps: float
    by_package: Mapping[str, float]
    """Microseconds of interpreter time per request."""


def page() -> Iterator[str]:
    """Yield the page by lines. Raise Failed or OverlapError if it can't be measured."""
    found: dict[str, Profile] = {}
    with tempfile.TemporaryDirectory(prefix="overlap-profile-") as folder, running_sink() as sink:
        for variant in choose(VARIANTS):
            print(f"{variant.name} ...", file=sys.stderr, flush=True)
            with Server(variant, sink, Path(folder)) as server:
                found[variant.name] = _profile(server, Path(folder))
    yield "# Where a request's time goes"
    yield ""
    yield (
        f"`make profile` wrote this: `GET /` at 16 connections for {SECONDS} s each, py-spy at "
        f"{HERTZ} Hz.\nMicroseconds of the interpreter for each request, by the package of the "
        "innermost Python frame. The threads\nthat stock Django makes and throws away are most of "
        "`threading` and of `asgiref`."
    )
    yield ""
    yield from _table(found)
    yield ""
    system = f"{platform.system()} {platform.release()}"
    yield f"{platform.machine()}, {system}, Python {platform.python_version()}."


def by_package(collapsed: str) -> Counter[str]:
    """Count samples by the package of the innermost frame, in py-spy's raw format.

    A line is `outer (file:line);…;inner (file:line) count`.
    """
    samples: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        if stack and count.isdigit():
            samples[_package(stack.rsplit(";", 1)[-1])] += int(count)
    return samples


def _package(frame: str) -> str:
    file = frame.rpartition("(")[2].replace("\\", "/")
    _, installed, inside = file.rpartition("/site-packages/")
    if installed:
        name = inside.partition("/")[0]
        return name if name in PACKAGES else "other"
    if "/overlap/bench/" in file:
        return "other"  # the measured views
    if "/overlap/" in file:  # in a checkout
        return "overlap"
    if "/asyncio/" in file:
        return "asyncio"
    return "threading" if "/threading.py" in file or "/concurrent/" in file else "other"


def _profile(server: Server, folder: Path) -> Profile:
    full_load(server.url + "/", 1, by=load_by())
    out = folder / "raw.txt"
    command = [
        *("py-spy", "record", "--gil", "--nonblocking", "--full-filenames", "--format", "raw"),
        *("--rate", str(HERTZ), "--duration", str(SECONDS), "--output", str(out)),
        *("--pid", str(server.pid)),
    ]
    try:
        spy = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        raise Failed("py-spy is not installed (make install-bench)") from None
    load = full_load(server.url + "/", SECONDS, by=load_by())
    _, said = spy.communicate(timeout=SECONDS + 30)
    if spy.returncode or not out.exists():
        messages = said.strip().splitlines() or ["no message"]
        error = next((line for line in messages if "rror" in line), messages[-1])
        raise Failed(f"py-spy: {error[:200]}")
    each_us = 1e6 / HERTZ / (load.rps * SECONDS)
    counted = by_package(out.read_text(encoding="utf-8", errors="replace"))
    return Profile(load.rps, {name: count * each_us for name, count in counted.items()})


def _table(found: Mapping[str, Profile]) -> Iterator[str]:
    yield "| package | " + " | ".join(f"`{name}`" for name in found) + " |"
    yield "|---|" + "---:|" * len(found)
    for name in (*PACKAGES, "asyncio", "threading", "other"):
        cells = [each.by_package.get(name, 0.0) for each in found.values()]
        if any(cell >= 1 for cell in cells):
            yield f"| {name} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |"
    sums = [sum(each.by_package.values()) for each in found.values()]
    yield "| together | " + " | ".join(f"{total:.0f}" for total in sums) + " |"
    yield "| req/s while profiled | " + " | ".join(f"{p.rps:,.0f}" for p in found.values()) + " |"


def main() -> int:
    """Write the page to standard output. Return 0, or 2 with one sentence of explanation."""
    try:
        text = "\n".join(page())
    except OverlapError as error:
        print(f"profile: {error}", file=sys.stderr)
        return 2
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
