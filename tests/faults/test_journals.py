"""The journal in trouble: full disks, cut files, other versions, killed processes."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from overlap.instrument.tasks.journal import Journal, Note, take_lost_tasks
from tests.faults.rows import row

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]
TASKS = """
import asyncio, logging, sys
import overlap
from pathlib import Path

overlap.instrument(service_name="shop", journal_dir=sys.argv[1], log_format="json")

async def work():
    await asyncio.sleep(600)

async def main():
    overlap.spawn(work(), name=sys.argv[2])
    print("spawned", flush=True)
    await asyncio.sleep(float(sys.argv[3]))

asyncio.run(main())
"""


def note(number=1, name="smoke"):
    return Note(name, f"{number:032x}", 7, number, 0, 1, 1000)


@pytest.fixture
def start(own_sink):
    """A function that starts a process with one background task."""
    started = []

    def start(folder, name="work", *, before=(), seconds=600.0):
        command = [*before, sys.executable, "-c", TASKS, str(folder), name, str(seconds)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ
            | {"OTEL_EXPORTER_OTLP_ENDPOINT": own_sink.url, "OVERLAP_DRAIN_TIMEOUT_S": "0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "spawned\n":
                return process, "".join(lines)
        pytest.fail(f"it ended: {''.join(lines)}")
        return None

    yield start
    for process in started:
        with suppress(psutil.NoSuchProcess):
            for each in psutil.Process(process.pid).children(recursive=True):
                each.kill()
        process.kill()
        process.wait()
        process.stdout.close()


def rest(process):
    """What a process says to its end."""
    out = process.stdout.read()
    process.wait(30)
    return out


def full(folder):
    """A command before a command, for which the folder is a disk that is full."""
    script = 'mount -t tmpfs -o size=64k tmpfs "$1" && shift && exec "$@"'
    return ("unshare", "-rm", "sh", "-c", script, "sh", str(folder))


def limited(_folder):
    """For which no file may grow."""
    return ("sh", "-c", 'ulimit -f 64 && exec "$@"', "sh")


def read_only(folder):
    """For which the folder is a read-only mount, as of a container."""
    script = 'mount -t tmpfs -o ro tmpfs "$1" && shift && exec "$@"'
    return ("unshare", "-rm", "sh", "-c", script, "sh", str(folder))


@pytest.mark.parametrize(
    ("name", "before"), [("full", full), ("limit", limited), ("read-only", read_only)]
)
def test_requests_go_on(serve, sink, tmp_path, name, before):
    """A request that starts a background task is answered; the task ends, and its end is sent."""
    folder = tmp_path / "journal"
    folder.mkdir()
    server = serve(before=before(folder), env={"OVERLAP_JOURNAL_DIR": str(folder)})
    for _ in range(3):
        assert server.get("/spawn/?kind=short").status_code == 200
    server.stop()
    assert [span.attributes["overlap.task.end"] for span in sink.named("short")] == ["done"] * 3
    assert server.log.count(row(name).said) == 1
    assert "Traceback" not in server.log


def test_a_full_disk(start, tmp_path):
    """Where the disk is full, a task is started all the same: writing to the map would kill it."""
    process, said = start(tmp_path, before=full(tmp_path), seconds=0)
    assert row("full").said in said + rest(process)
    assert process.returncode == 0


def test_a_limit_of_file_sizes(start, tmp_path):
    """RLIMIT_FSIZE is what containers and shells set."""
    process, said = start(tmp_path, before=limited(tmp_path), seconds=0)
    assert row("limit").said in said + rest(process)
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_folder(start, tmp_path):
    """It is said once, and the process goes on."""
    process, said = start(tmp_path, before=read_only(tmp_path), seconds=0)
    said += rest(process)
    assert said.count(row("read-only").said) == 1
    assert process.returncode == 0


@pytest.fixture
def dead(tmp_path):
    """The path of a journal with three notes that a dead process left."""
    script = (
        "import os, sys; from pathlib import Path\n"
        "from overlap.instrument.tasks.journal import Journal, Note\n"
        "journal = Journal(Path(sys.argv[1]), 'shop', 'an instance')\n"
        "for n in (1, 2, 3): journal.write(Note(f'task {n}', f'{n:032x}', 7, n, 0, 1, 1000))\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=False)
    (path,) = tmp_path.iterdir()
    return path


def test_a_journal_that_is_cut(dead, start):
    """Notes before the cut are reported; the one that is cut, and what stood behind it, is not."""
    content = dead.read_bytes()
    first, cut, behind = sorted(
        (f"task {n}" for n in (1, 2, 3)), key=lambda name: content.index(name.encode())
    )
    dead.write_bytes(content[: content.index(cut.encode()) + 3])
    process, said = start(dead.parent, seconds=0)
    said += rest(process)
    assert process.returncode == 0
    assert said.count(f'"{row("cut").said}"') == 1
    assert first in said
    assert cut not in said
    assert behind not in said
    assert "Traceback" not in said
    assert dead not in dead.parent.iterdir()


def test_a_journal_of_another_version(dead, start):
    """It is said once, with its path, and nothing is made of it."""
    dead.write_bytes(b"overlap9" + dead.read_bytes()[8:])
    process, said = start(dead.parent, seconds=0)
    said += rest(process)
    assert said.count(row("version").said) == 1
    assert dead.name in said
    assert "task 1" not in said


def test_a_pid_that_is_used_again(dead, start):
    """A file belongs to who has locked it: whoever has the pid now."""
    same = dead.with_name(f"shop.{os.getpid()}.0.tasks")
    dead.rename(same)
    process, said = start(same.parent, seconds=0)
    said += rest(process)
    assert said.count(f'"{row("pid").said}"') >= 3
    assert not same.exists()


def lost_in(sink):
    return [s for s in sink.spans if s.attributes.get("overlap.task.end") == "lost"]


@pytest.mark.timeout(300)
def test_twenty_kills_in_a_row(start, own_sink, tmp_path, wait_until):
    """Each process reports the task of the one before it, once, and is killed in turn."""
    for number in range(20):
        process, _ = start(tmp_path, f"task {number}")
        wait_until(lambda number=number: len(lost_in(own_sink)) >= number)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    process, said = start(tmp_path, "the last", seconds=0)
    assert row("twenty").said in said + rest(process)
    assert sorted(span.name for span in lost_in(own_sink)) == sorted(
        f"task {number}" for number in range(20)
    )


def test_three_workers_are_killed(serve, sink, wait_until, tmp_path):
    """They share a folder, start at once, and each looks: every task is reported once."""
    env = {"OVERLAP_JOURNAL_DIR": str(tmp_path / "journal")}
    first = serve("--workers", "3", env=env)
    pids = set()
    while len(pids) < 3:
        first.client.headers["connection"] = "close"
        pids.add(first.get("/pid/").text)
    for _ in range(12):
        assert first.get("/spawn/?kind=long").status_code == 200
    for process in psutil.Process(first.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    first.process.kill()
    first.process.wait()
    second = serve("--workers", "3", env=env)
    assert second.get("/").status_code == 200
    wait_until(lambda: len(lost_in(sink)) >= 12, "every lost task")
    second.stop()
    assert len({(span.trace_id, span.span_id) for span in lost_in(sink)}) == 12
    assert len(lost_in(sink)) == 12
    assert second.log.count(row("workers").said) == 12


def test_locks_and_not_pids_decide(tmp_path):
    """Of a living process nothing is read, under whatever name its file stands."""
    journal = Journal(tmp_path, "shop", "")
    journal.write(note())
    (path,) = tmp_path.iterdir()
    path.rename(tmp_path / "shop.999999.0.tasks")
    assert take_lost_tasks(tmp_path, "shop") == []
    journal.forget()
    assert len(take_lost_tasks(tmp_path, "shop")) == 1
