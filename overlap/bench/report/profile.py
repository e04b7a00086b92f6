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

VARIANTS = "none,stock,overlap-not-lean,overlap,lean"
SECONDS = 10
HERTZ = 400
PACKAGES = (
    "uvicorn", "asgiref", "django", "opentelemetry", "overlap", "structlog", "wrapt",
)  # fmt: skip
"""The packages with a row of their own; the rest is the standard library and others."""
PARTS = {
    "overlap/lean/": "no thread for a request that needs none (lean)",
    "overlap/telemetry/export/": "a finished span as protobuf, and sending it",
    "overlap/telemetry/": "starting and ending a span",
    "overlap/instrument/requests/metrics/": "metrics of requests",
    "overlap/instrument/requests/": "what a request is: attributes, route, status, its end",
    "overlap/instrument/": "watchdog, tasks, guards of other libraries",
    "overlap/lens/": "run, ready and awaiting (lens)",
    "overlap/runtime/": "guards: what of this raises is logged",
}
"""What the instrument does, by the files that do it; the first that fits counts."""
GOAL = 1.25
"""The processor time of a traced request over that of an untraced one, to be reached."""
_SERVICE = ("/django/", "/uvicorn/", "/overlap/bench/")


@dataclass(frozen=True, slots=True)
class Profile:
    """One variant under full load."""

    rps: float
    by_package: Mapping[str, float]
    """Microseconds of interpreter time per request."""
    by_part: Mapping[str, float]
    """The same, of the instrument's parts with all that they call."""


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
    yield from _parts(found["lean"], found["overlap"])
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


def by_part(collapsed: str) -> Counter[str]:
    """Count samples by the part of the instrument that the service was in, in PARTS' words.

    What a part calls in OpenTelemetry or the standard library counts as the part's own.
    """
    samples: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        part = next(filter(None, map(_part, reversed(stack.split(";")))), "")
        if part in PARTS and count.isdigit():
            samples[PARTS[part]] += int(count)
    return samples


def _part(frame: str) -> str:
    """Return the part that a frame is in, `service` for the service's own, or nothing."""
    file = frame.rpartition("(")[2].replace("\\", "/")
    if any(each in file for each in _SERVICE):
        return "service"
    return next((part for part in PARTS if f"/{part}" in file), "")


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
    samples = out.read_text(encoding="utf-8", errors="replace")
    packages, parts = (
        {name: count * each_us for name, count in counted(samples).items()}
        for counted in (by_package, by_part)
    )
    return Profile(load.rps, packages, parts)


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


def _parts(lean: Profile, traced: Profile) -> Iterator[str]:
    """Yield what all telemetry adds to a request without any (`lean`), part by part."""
    before, after = (sum(each.by_package.values()) for each in (lean, traced))
    yield "## What tracing adds"
    yield ""
    yield (
        f"With all telemetry a request takes {after / before:.2f} times the interpreter time of "
        f"one without any\n(`overlap` over `lean`). {GOAL} times would leave "
        f"{(GOAL - 1) * before:.0f} us for all of it. Microseconds for each request, by what is "
        "done;\nwhat it calls in OpenTelemetry and the standard library is included."
    )
    yield ""
    yield "| part | `lean` | `overlap` |"
    yield "|---|---:|---:|"
    for part in sorted(PARTS.values(), key=lambda part: -traced.by_part.get(part, 0.0)):
        cells = (each.by_part.get(part, 0.0) for each in (lean, traced))
        yield f"| {part} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |"


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
