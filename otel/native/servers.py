"""servers.toml as data: which servers there are, at which versions, where their binaries are."""

from __future__ import annotations

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
    """Of the Go module."""
    same_as: str = ""
    """The release whose commit the module version is, where it is not the image's."""
    module: str = ""
    package: str = ""
    tags: list[str] = field(default_factory=list)
    manifest: str = ""
    builder: str = ""
    given: str = ""
    """The variable that names a binary which is taken as it is, not built."""

    @property
    def place(self) -> Path:
        """Where the binary stands once it is built. It is moved there whole."""
        return cache() / f"{self.name}-{self.version}" / self.name

    @property
    def binary(self) -> Path | None:
        """The binary to run; None for one that must be given and is not there."""
        if not self.given:
            return self.place
        found = os.environ.get(self.given) or shutil.which(self.name)
        return Path(found) if found and Path(found).is_file() else None

    @property
    def is_built(self) -> bool:
        """Whether the binary is there."""
        return self.binary is not None and self.binary.is_file()


def cache() -> Path:
    """Where what was built is kept: outside the checkout, so that every checkout shares it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "overlap" / "native"


def servers() -> dict[str, Server]:
    """Every server of servers.toml, by name."""
    table = tomllib.loads((HERE / "servers.toml").read_text(encoding="utf-8"))
    return {name: Server(name=name, **fields) for name, fields in table.items()}
