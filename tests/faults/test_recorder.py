"""The flight recorder in trouble: full disks, folders that can't be written, killed processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from overlap.recorder import dumps
from overlap.recording import read
from tests.faults.rows import row
from tests.faults.test_journals import full, limited, read_only

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]


def almost_full(folder):
    """A command before a command, for which the folder has room for a ring, and for no dump."""
    script = 'mount -t tmpfs -o size=1800k tmpfs "$1" && shift && exec "$@"'
    return ("unshare", "-rm", "sh", "-c", script, "sh", str(folder))


def on(folder, **more):
    return {"OVERLAP_RECORDER_DIR": str(folder), "OVERLAP_RECORDER_MB": "1", **more}


@pytest.mark.parametrize(
    ("name", "before"),
    [("ring-full", full), ("ring-limit", limited), ("ring-read-only", read_only)],
)
def test_no_ring_can_be_made(serve, tmp_path, name, before):
    """It is said in one line, once; requests are answered."""
    folder = tmp_path / "flights"
    folder.mkdir()
    server = serve(before=before(folder), env=on(folder))
    for _ in range(3):
        assert server.get("/").status_code == 200
    server.stop()
    assert server.log.count(row(name).said) == 1
    assert "Traceback" not in server.log


def test_the_disk_is_full_when_a_dump_is_written(serve, tmp_path, wait_until):
    """The half that was written is removed again; the ring and the requests go on."""
    folder = tmp_path / "flights"
    folder.mkdir()
    server = serve(before=almost_full(folder), env=on(folder, OVERLAP_RECORDER_SLOW_MS="100"))
    inside = Path(f"/proc/{server.process.pid}/root{folder}")  # its own mount
    assert server.get("/wait/?s=0.2").status_code == 200
    wait_until(lambda: row("dump-full").said in server.log)
    assert server.get("/").status_code == 200
    assert [path.suffix for path in inside.iterdir()] == [".ring"]
    server.stop()
    assert server.log.count(row("dump-full").said) == 1
    assert "Traceback" not in server.log


def test_a_process_is_killed_while_it_writes(serve, tmp_path, wait_until):
    """SIGKILL under load: the next process makes a dump, in which few records are half written."""
    folder = tmp_path / "flights"
    server = serve(env=on(folder))
    answered = []

    def load():
        with (
            httpx.Client(base_url=server.url, trust_env=False) as client,
            suppress(httpx.HTTPError),
        ):
            while True:
                answered.append(client.get("/").status_code)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for each in threads:
        each.start()
    wait_until(lambda: len(answered) > 300)
    server.process.kill()
    server.process.wait()
    for each in threads:
        each.join(30)
    second = serve(env=on(folder))
    assert second.get("/").status_code == 200
    (path,) = wait_until(lambda: [*folder.glob("*.killed.flight")])
    found = read(path)
    assert found.reason == dumps.KILLED
    assert found.left_out <= len(threads)
    assert len(found.requests) >= 300
    assert {request.name for request in found.requests if request.took_s} == {"GET /"}
    second.stop()
    assert row("ring-killed").said in second.log


WRITES = """
import os, signal, sys
from pathlib import Path
from overlap.recorder import active
stop = active.start(active.Settings(Path(sys.argv[1]), "shop", megabytes=1.0))
part = Path(sys.argv[1]) / "shop.1.2.part"
active.RECORDER.ring.copy_to(part.with_suffix(".flight"), "asked")
part.with_suffix(".flight").rename(part)  # as if it were not all there
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_is_killed_while_a_dump_is_written(tmp_path):
    """What is half written is no dump, and is removed by a later process."""
    done = subprocess.run([sys.executable, "-c", WRITES, tmp_path], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    (part,) = tmp_path.glob("*.part")
    dumps.take_dead_rings(tmp_path, "shop")
    assert part.exists(), "another process may be writing it at this moment"
    assert len([*tmp_path.glob("*.killed.flight")]) == 1
    long_ago = time.time() - dumps.HALF_S - 1
    os.utime(part, (long_ago, long_ago))
    other = tmp_path / "shop2.1.2.part"
    other.touch()
    os.utime(other, (long_ago, long_ago))
    dumps.take_dead_rings(tmp_path, "shop")
    assert not part.exists()
    assert other.exists(), "it belongs to another service"
