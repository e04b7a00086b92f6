"""Settings from the environment, which take precedence over arguments in code."""

from __future__ import annotations

import os
from pathlib import Path

COMMON_PACKAGES = frozenset({"config", "conf", "settings", "core", "project", "src"})
"""Packages of settings with a name that does not identify the project."""


def project_name() -> str | None:
    """Return the name of the Django project: of its settings package, or of the folder.

    Of the folder if the package has a common name; None where no settings are named.
    """
    package = os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]
    return (Path.cwd().name if package in COMMON_PACKAGES else package) or None


def seconds(given: float | None, variable: str, per_second: int, otherwise: float) -> float:
    """Return the variable's number in seconds; `given` or `otherwise` if it is not set."""
    try:
        return float(os.environ[variable]) / per_second
    except (KeyError, ValueError):
        return otherwise if given is None else given


def has_capacity_metrics() -> bool:
    """Return whether it is measured how full loops and pools are."""
    return flag(None, "OVERLAP_CAPACITY_METRICS", True)


def folder(given: str | os.PathLike[str] | None, variable: str) -> Path | None:
    """Return the folder that the variable names, or `given`."""
    folder = os.environ.get(variable) or given
    return Path(folder) if folder else None


def optional_flag(given: bool | None, variable: str) -> bool | None:
    """Return the variable as a boolean (0, 1, true, false, yes, no, on, off), or `given`."""
    value = os.environ.get(variable, "").strip().lower()
    if value in ("0", "1", "false", "true", "no", "yes", "off", "on"):
        return value in ("1", "true", "yes", "on")
    return given


def flag(given: bool | None, variable: str, otherwise: bool) -> bool:
    """Return the same, or `otherwise` if neither is set."""
    found = optional_flag(given, variable)
    return otherwise if found is None else found
