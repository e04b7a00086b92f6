"""The flight recorder of this process, if recorder_dir is set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from overlap import names
from overlap.instrument.environment import seconds
from overlap.recorder.active import Settings, start
from overlap.recorder.flight import MEGABYTES, SLOW_S


def start_recorder(folder: Path, provider: Any) -> Callable[[], None]:
    """Start it for the service of a tracer provider; return a function that ends it."""
    resource = getattr(getattr(provider, "resource", None), "attributes", {})
    return start(
        Settings(
            folder,
            str(resource.get(names.SERVICE_NAME, "unknown_service")),
            str(resource.get(names.SERVICE_INSTANCE_ID, "")),
            megabytes=seconds(None, "OVERLAP_RECORDER_MB", 1, MEGABYTES),
            slow_s=seconds(None, "OVERLAP_RECORDER_SLOW_MS", 1000, SLOW_S),
        )
    )
