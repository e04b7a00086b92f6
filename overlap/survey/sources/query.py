"""Which traces a survey reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Query:
    """Which traces are read: those that began in a time; of a backend, the last hour by default."""

    start_ns: int | None = None
    end_ns: int | None = None
    """Not a part of the time any more."""
    service: str | None = None
    """Of a backend: only traces with a span of this service."""
    limit: int | None = None
    source: Path | None = None
    """The folder of the code that made the traces, which proves advice."""
