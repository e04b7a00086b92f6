"""The command's processes report to `overlap run` by notes: files in a temporary folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

FOLDER = "OVERLAP_RUN"
"""The environment variable with the folder's path."""
PREFIX = "overlap-run-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder for notes, and remove those of runs that were killed."""
    for old in Path(gettempdir()).glob(f"{PREFIX}*-*"):
        pid = old.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not _is_running(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_running(pid: int) -> bool:
    if os.name != "posix":  # on Windows os.kill() would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


@dataclass(frozen=True, slots=True)
class Notes:
    """Reads and writes notes in a folder. Without a folder, notes are discarded."""

    folder: Path | None

    @classmethod
    def of_environment(cls) -> Notes:
        """Return the notes of the `overlap run` that started this process."""
        folder = os.environ.get(FOLDER)
        return cls(Path(folder) if folder else None)

    def refuse(self, sentence: str) -> None:
        """Note why this command can't be shown."""
        self._write("refused", sentence)

    def serving(self, service: str) -> None:
        """Note that this process is instrumented."""
        self._write(f"serving-{os.getpid()}", service)

    def arrived(self, service: str) -> None:
        """Note that spans of this service were delivered."""
        self._write("arrived", service)

    def refused(self) -> str:
        """Return why the command can't be shown; an empty string if it can."""
        return self._read("refused")

    def service(self) -> str:
        """Return the name of the instrumented service; an empty string until there is one."""
        names = sorted(path.name for path in (self.folder or Path()).glob("serving-*"))
        return self._read(names[0]) if self.folder and names else ""

    def traced(self) -> str:
        """Return the name of the service whose spans were delivered; empty until then."""
        return self._read("arrived")

    def _write(self, name: str, text: str) -> None:
        if self.folder is not None and self.folder.is_dir():
            draft = self.folder / f".{name}-{os.getpid()}"
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.folder / name)

    def _read(self, name: str) -> str:
        if self.folder is None:
            return ""
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
