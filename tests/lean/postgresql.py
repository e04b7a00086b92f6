"""A PostgreSQL server of the tests' own: as a plain user, on a free port, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

USER = "lean"
START_WITHIN_S = 60


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, if the machine has them (Debian keeps them off PATH)."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@contextmanager
def server():
    """Run a server, and give what a setting of DATABASES needs of it."""
    folder = programs()
    assert folder is not None
    # Not pytest's own folder, which nobody but the tests' user may enter.
    home = Path(tempfile.mkdtemp(prefix="lean-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    account = "nobody" if os.getuid() == 0 else None  # the server refuses to run as root
    if account:
        shutil.chown(home, account)

    def call(*command: str) -> None:
        log = home / "commands.log"
        with log.open("ab") as out:
            # No pipes: the server would inherit them, and keep them open.
            subprocess.run(
                [str(folder / command[0]), *command[1:]],
                user=account,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=START_WITHIN_S,
                check=True,
            )

    data = str(home / "data")
    try:
        call("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
        call("pg_ctl", "-D", data, "-w", "-l", str(home / "server.log"), "-o", options, "start")
        try:
            yield {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "USER": USER,
            }
        finally:
            call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
