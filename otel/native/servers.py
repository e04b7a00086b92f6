"""servers.toml as data: the servers, their versions and where their binaries are."""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGURATION = HERE.parent
"""otel/: the files that compose mounts and the native servers read."""


@dataclass(frozen=True)
class Server:
    """One server of the stack."""

    name: str
    image: str
    tag: str
    version: str
    """The version of the Go module."""
    same_as: str = ""
    """The release with the same commit as the module version, if it is not the image's."""
    module: str = ""
    package: str = ""
    tags: list[str] = field(default_factory=list)
    manifest: str = ""
    builder: str = ""
    artifact: str = ""
    """group:artifact of a Maven artifact, for a server that runs on Java."""
    part: str = "stack"
    """"stack", or "scale" for what only the set-up for more than one machine needs."""
    given: str = ""
    """The variable that names a binary to use as it is, instead of building one."""

    @property
    def folder(self) -> Path:
        """Where it is built: a folder for each version, and for each list of its components."""
        if not self.manifest:
            return cache() / f"{self.name}-{self.version}"
        digest = hashlib.sha256((HERE / self.manifest).read_bytes()).hexdigest()
        return cache() / f"{self.name}-{self.version}-{digest[:8]}"

    @property
    def place(self) -> Path:
        """Where the binary (or the folder of jars) is once it is built. It is moved there whole."""
        return self.folder / self.name

    @property
    def binary(self) -> Path | None:
        """The binary to run; None if it must be given and is missing."""
        if not self.given:
            return self.place
        found = os.environ.get(self.given) or shutil.which(self.name)
        return Path(found) if found and Path(found).is_file() else None

    @property
    def is_built(self) -> bool:
        """Whether the binary, or the folder of jars, exists."""
        return self.binary is not None and self.binary.exists()


def cache() -> Path:
    """Return the folder of the built servers, which all checkouts share."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "overlap" / "native"


def servers() -> dict[str, Server]:
    """Return every server of servers.toml, by name."""
    table = tomllib.loads((HERE / "servers.toml").read_text(encoding="utf-8"))
    return {name: Server(name=name, **fields) for name, fields in table.items()}
