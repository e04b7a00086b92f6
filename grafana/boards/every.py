"""All dashboards by file name, and their JSON as it is committed."""

from __future__ import annotations

import json
from collections.abc import Callable

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import glance, lesson, loop, pipeline

DASHBOARDS: dict[str, Callable[[], Dashboard]] = {
    "glance": glance.dashboard,
    "lesson": lesson.dashboard,
    "loop": loop.dashboard,
    "pipeline": pipeline.dashboard,
}


def rendered() -> dict[str, str]:
    """Return each dashboard's JSON, sorted so that a diff shows only what changed."""
    return {
        name: json.dumps(
            build(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False
        ) + "\n"
        for name, build in DASHBOARDS.items()
    }  # fmt: skip
