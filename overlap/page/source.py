"""The pages' source over a backend: its traces, links to its own pages and to Grafana."""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urlsplit

from overlap.config import NOWHERE, Config
from overlap.page.mirror import Mirror
from overlap.pocket.pages.source import Link

REACHED_WITHIN_S = 1.0
EVERY_S = 5.0


class BackendSource:
    """Shows what a mirror has read."""

    receives = False

    def __init__(self, mirror: Mirror, config: Config) -> None:
        self._mirror, self._config = mirror, config
        self._traces_url = (config.traces_public_url or config.traces_url).rstrip("/")
        self._grafana_url = "" if config.grafana_url == NOWHERE else config.grafana_url
        self.app_answers = False
        self.footer = (
            f"The traces are those of `{self._traces_url}`; the newest are copied to this "
            "process's memory."
        )

    @property
    def problem(self) -> str:
        """Why traces may be missing."""
        return self._mirror.problem

    @property
    def links(self) -> list[Link]:
        """Links to the backend's own pages and to Grafana's."""
        links = [Link("Jaeger", f"{self._traces_url}/search")]
        if self._grafana_url:
            links.append(Link("Grafana", f"{self._grafana_url}/d/overlap-glance"))
        return links

    def trace_links(self, trace_id: str, scenario: str) -> list[Link]:
        """Return the links to the same trace in Jaeger, and to its scenario's dashboard."""
        links = [Link("in Jaeger", f"{self._traces_url}/trace/{trace_id}")]
        if scenario and self._grafana_url:
            board = f"{self._grafana_url}/d/overlap-lesson?var-lesson={quote(scenario, safe='')}"
            links.append(Link("its dashboard", board))
        return links

    async def find(self, trace_id: bytes) -> None:
        """Read one trace."""
        await self._mirror.find(trace_id)

    async def watch_app(self) -> None:
        """Note whether the app can be reached, until cancelled."""
        parts = urlsplit(self._config.app_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        while True:
            try:
                async with asyncio.timeout(REACHED_WITHIN_S):
                    _, writer = await asyncio.open_connection(parts.hostname, port)
                writer.close()
                self.app_answers = True
            except (OSError, TimeoutError):
                self.app_answers = False
            await asyncio.sleep(EVERY_S)
