"""Answers about the running app: its scenarios, a scenario played, and its telemetry pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from overlap.backend import Backend
from overlap.config import Config, load_scenarios
from overlap.doctor import Context, Finding, new_client, walk
from overlap.doctor.report import as_dict
from overlap.mcp.backend_traces import judge
from overlap.mcp.bounds import bounded
from overlap.mcp.one_trace import advice, verdict_of
from overlap.mcp.paging import page
from overlap.play import Player
from overlap.play.report import scenarios_as_dict
from overlap.play.result import Progress
from overlap.play.selection import select

DOCTOR_WITHIN_S: Final = 90.0

Report = Callable[[str], Awaitable[None]]
"""Sends the progress of long work, as a sentence."""


def scenarios(config: Config, offset: int) -> dict[str, Any]:
    """Return the project's scenarios. Raise OverlapError if it has none."""
    rows = scenarios_as_dict(load_scenarios(config))["scenarios"]
    return page(rows, offset)


async def play(config: Config, backend: Backend, name: str, report: Report) -> dict[str, Any]:
    """Play one scenario; return what its trace shows, what differs from the expectation, advice.

    Raise OverlapError if there is no such scenario, or the app or the backend does not answer.
    """
    (scenario,) = select(load_scenarios(config), [name])
    tasks: set[asyncio.Task[None]] = set()

    def changed(progress: Progress) -> None:
        waiting = f", waiting for {progress.waiting_for}" if progress.waiting_for else ""
        words = f"{progress.answered} answered, {progress.in_flight} in flight{waiting}"
        tasks.add(asyncio.ensure_future(report(words)))

    player = Player(
        config.app_url,
        config.otlp_endpoint,
        backend,
        start_hint=config.start_hint,
        servers=config.servers,
        source=config.source,
    )
    async with player:
        result = await player.play(scenario, changed)
    await asyncio.gather(*tasks, return_exceptions=True)
    one = replace(judge(result.trace), verdict=result.verdict)
    return {
        "scenario": bounded(scenario.name),
        "ok": result.ok,
        "problems": bounded(result.problems),
        "url": result.url,
        **verdict_of(one, "", 0),
        "advice": advice(one, 0)["rows"],
    }


async def doctor(config: Config, path: str, report: Report) -> dict[str, Any]:
    """Check the telemetry pipeline hop by hop; name the first hop that is broken."""
    findings: list[Finding] = []
    async with new_client() as client:
        context = Context(config, client, path if path.startswith("/") else f"/{path}")
        async for finding in walk(context, DOCTOR_WITHIN_S, lambda _hop: None):
            findings.append(finding)
            await report(f"{finding.hop}: {finding.state}")
    return bounded(dict(as_dict(findings)))  # type: ignore[no-any-return]
