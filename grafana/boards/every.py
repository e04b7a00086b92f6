"""All dashboards, by the name of their file, and as the text that is committed."""

from __future__ import annotations

import json
from collections.abc import Callable

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import glance, lesson, loop, road

DASHBOARDS: dict[str, Callable[[], Dashboard]] = {
    "glance": glance.dashboard,
    "lesson": lesson.dashboard,
    "loop": loop.dashboard,
    "road": road.dashboard,
}


def rendered() -> dict[str, str]:
    """Each dashboard's JSON, sorted so that a diff shows what changed and nothing else."""
    return {
        name: json.dumps(
            build(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False
        ) + "\n"
        for name, build in DASHBOARDS.items()
    }  # fmt: skip
