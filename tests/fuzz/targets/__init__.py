"""What is fuzzed: each module has the seeds of a target and its `check`."""

from importlib import import_module
from types import ModuleType
from typing import Protocol, cast

NAMES = (
    "reading", "drawing", "ingest", "pages", "queries", "journal", "headers", "environment",
    "scenarios", "reports", "lines", "recorder",
)  # fmt: skip


class Target(Protocol):
    """One thing that is fuzzed."""

    name: str

    def seeds(self) -> list[bytes]:
        """Return valid inputs, to start from."""

    def check(self, data: bytes) -> None:
        """Raise for an input that breaks a promise."""


def load(name: str) -> Target:
    """Return a target by its name."""
    module: ModuleType = import_module(f"tests.fuzz.targets.{name}")
    module.name = name
    return cast(Target, module)
