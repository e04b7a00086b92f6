"""Settings that were given in code, and the environment over them: whoever deploys knows better."""

from __future__ import annotations

import os
from pathlib import Path


def seconds(given: float | None, variable: str, per_second: int, otherwise: float) -> float:
    """A number of the variable, in its own unit; `given`, or else `otherwise`, in seconds."""
    try:
        return float(os.environ[variable]) / per_second
    except (KeyError, ValueError):
        return otherwise if given is None else given


def folder(given: str | os.PathLike[str] | None, variable: str) -> Path | None:
    """The folder that the variable names, or that was given."""
    folder = os.environ.get(variable) or given
    return Path(folder) if folder else None


def flag(given: bool | None, variable: str, otherwise: bool) -> bool:
    """Yes or no, as the variable says in one of the usual words."""
    value = os.environ.get(variable, "").strip().lower()
    if value in ("0", "1", "false", "true", "no", "yes", "off", "on"):
        return value in ("1", "true", "yes", "on")
    return otherwise if given is None else given
