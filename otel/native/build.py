"""Build the servers from Go modules and Maven artifacts, with progress; what was built is kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from otel.native.errors import BuildError
from otel.native.jars import check_java, copy_jars
from otel.native.servers import HERE, Server, cache, servers

GO_AT_LEAST = (1, 26)
GET_GO = (
    "the servers are built with Go 1.26 or newer, and {what}. Get it from your system's packages "
    "(Debian: apt install golang-go; Fedora: dnf install golang; macOS: brew install go), "
    "or run the stack with Docker: docker compose up"
)


def build(names: list[str], console: Console, *, part: str = "stack") -> None:
    """Build the named servers (by default all of this part) that are not built yet.

    Raise BuildError if Go, Java or Maven is missing or too old, a name is unknown or a build fails.
    """
    known = {name: server for name, server in servers().items() if not server.given}
    if unknown := [name for name in names if name not in known]:
        raise BuildError(f"there is no server {unknown[0]}; the servers are {', '.join(known)}")
    wanted = [known[name] for name in names or (n for n in known if known[n].part == part)]
    missing = [server for server in wanted if not server.is_built]
    if not missing:
        console.print(f"Already built, in {cache()}: {', '.join(each.name for each in wanted)}")
        return
    if any(not server.artifact for server in missing):
        _check_go()
    if any(server.artifact for server in missing):
        check_java()
    console.print(
        f"Building {', '.join(each.name for each in missing)} from Go modules or Maven artifacts, "
        f"once, into {cache()}: ten to twenty minutes on two cores. "
        "Ctrl-C stops; what is compiled is kept."
    )
    for server in missing:
        _build_one(server, console)


def _build_one(server: Server, console: Console) -> None:
    began = time.monotonic()
    work = server.folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    log = work.parent / "build.log"
    with log.open("w", encoding="utf-8") as output, _progress(server, console) as step:
        if server.artifact:
            step("fetching jars")
            _run(copy_jars(server, work), work, output)
            (work / server.name).replace(server.place)
            return
        source = _manifest(server, work, output) if server.manifest else _module(server, work, step)
        step("fetching modules")
        _run(["go", "mod", "download"], source, output)
        package = server.package or "."
        count = len(_out(["go", "list", "-deps", *_tags(server), package], source).splitlines())
        made = work / server.name
        command = ["go", "build", "-v", "-trimpath", "-ldflags=-s -w", *_tags(server)]
        for number, name in enumerate(_lines([*command, "-o", str(made), package], source, output)):
            step(f"compiling {name[-40:]}", number, count)
        made.replace(server.place)
    shutil.rmtree(work, ignore_errors=True)
    size = server.place.stat().st_size / 1e6
    console.print(
        f"{server.name} {server.version}: {time.monotonic() - began:.0f} s, {size:.0f} MB",
        style="green",
    )


def _module(server: Server, work: Path, step) -> Path:
    """Copy the module's folder, so that its own replace lines and go.sum apply; return it."""
    step("fetching the module")
    fetched = _out(["go", "mod", "download", "-json", f"{server.module}@{server.version}"], work)
    source = work / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(json.loads(fetched)["Dir"], source)
    for folder, _, files in os.walk(source):  # the module cache is read-only, and so is a copy
        Path(folder).chmod(0o755)
        for name in files:
            (Path(folder) / name).chmod(0o644)
    return source


def _manifest(server: Server, work: Path, output) -> Path:
    """Let the collector's builder make a main module of the manifest; return its folder."""
    source = work / "source"
    manifest = work / "builder.yaml"
    text = (HERE / server.manifest).read_text(encoding="utf-8")
    manifest.write_text(text.replace("dist:\n", f"dist:\n  output_path: {source}\n"), "utf-8")
    tool = f"{server.builder}@{server.version}"
    _run(["go", "run", tool, "--skip-compilation", "--config", str(manifest)], work, output)
    return source


def _tags(server: Server) -> list[str]:
    return [f"-tags={','.join(server.tags)}"] if server.tags else []


def _check_go() -> None:
    if shutil.which("go") is None:
        raise BuildError(GET_GO.format(what="no `go` is on PATH"))
    said = _out(["go", "version"], HERE)
    found = re.search(r"go(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < GO_AT_LEAST:
        raise BuildError(GET_GO.format(what=f"the one on PATH is {said.strip()}"))


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        # The checksum database lacks some modules; go.sum still checks all of them.
        "GONOSUMDB": os.environ.get("GONOSUMDB") or "*",
        "GOWORK": "off",
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -buildvcs=false".strip(),
    }


def _out(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-600:]}")
    return done.stdout


def _run(command: list[str], folder: Path, output) -> None:
    for _ in _lines(command, folder, output):
        pass


def _lines(command: list[str], folder: Path, output) -> Iterator[str]:
    """Run a command, yield its lines and write them to the log."""
    process = subprocess.Popen(
        command, cwd=folder, env=_environment(), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    last: list[str] = []
    try:
        for line in process.stdout:
            output.write(line)
            last = [*last[-14:], line.rstrip()]
            yield line.strip()
        if process.wait():
            lines = "\n".join(last)
            raise BuildError(f"{' '.join(command[:3])} failed (see {output.name}):\n{lines}")
    finally:
        if process.poll() is None:  # Ctrl-C: the compilers it started end with it
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@contextmanager
def _progress(server: Server, console: Console):
    """Show a line with the current step and the progress."""
    columns = (
        SpinnerColumn(), TextColumn("{task.fields[server]:<11}"), BarColumn(30),
        TimeElapsedColumn(), TextColumn("{task.description}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, server=server.name)
        printed_at = 0.0

        def step(what: str, done: int | None = None, of: int | None = None) -> None:
            nonlocal printed_at
            progress.update(task, description=what, completed=done or 0, total=of)
            # A log has no progress bar: print a line now and then.
            if not console.is_terminal and time.monotonic() - printed_at > 20:
                printed_at = time.monotonic()
                console.print(f"{server.name}: {what}" + (f" ({done} of {of})" if of else ""))

        yield step
