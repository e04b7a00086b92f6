"""What the processes of the command report to `overlap run`: files in a folder that it made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = "OVERLAP_RUN"
"""In the command's environment: the folder."""


@dataclass(frozen=True, slots=True)
class Notes:
    """A folder of notes; without one, notes are discarded."""

    folder: Path | None

    @classmethod
    def of_environment(cls) -> Notes:
        """Return the notes of the `overlap run` that this process runs under."""
        folder = os.environ.get(FOLDER)
        return cls(Path(folder) if folder else None)

    def refuse(self, sentence: str) -> None:
        """Note why this command can't be shown."""
        self._write("refused", sentence)

    def serving(self, service: str) -> None:
        """Note that this process is instrumented."""
        self._write(f"serving-{os.getpid()}", service)

    def arrived(self, service: str) -> None:
        """Note that spans of this service have arrived."""
        self._write("arrived", service)

    def refused(self) -> str:
        """Return why the command can't be shown; empty where it can."""
        return self._read("refused")

    def service(self) -> str:
        """Return the name of the service that is served; empty until one is."""
        names = sorted(path.name for path in (self.folder or Path()).glob("serving-*"))
        return self._read(names[0]) if self.folder and names else ""

    def traced(self) -> str:
        """Return the name of the service of which spans have arrived; empty until some have."""
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
