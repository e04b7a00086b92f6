"""The play queue: plays scenarios for the pages and keeps the result of each last play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from overlap.backend import Backend
from overlap.config import Config
from overlap.errors import OverlapError
from overlap.play import Player, Progress
from overlap.scenario import Scenario


@dataclass(slots=True)
class Play:
    """The last or current play of a scenario that a page started."""

    state: str = "idle"
    """`idle`, `waiting` for another scenario to end, or `playing`."""
    progress: str = ""
    error: str = ""
    """Why it could not be played."""
    live_id: str = ""
    """The trace id of the current play."""
    trace_id: str = ""
    problems: list[str] = field(default_factory=list)
    """Where the trace `trace_id` differs from what is expected."""

    @property
    def busy(self) -> bool:
        """Whether it is waiting or playing."""
        return self.state != "idle"


class PlayQueue:
    """Plays scenarios one after another: two at once would delay each other."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        config: Config,
        *,
        otlp_url: str,
        page_url: str,
        changed: Callable[[str], None],
    ) -> None:
        self.scenarios = {scenario.name: scenario for scenario in scenarios}
        self.plays = {name: Play() for name in self.scenarios}
        self._config, self._otlp_url, self._page_url = config, otlp_url, page_url
        self._changed = changed
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str) -> None:
        """Play a scenario in the background, unless it is already waiting or playing."""
        play = self.plays[name]
        if play.busy:
            return
        self.plays[name] = Play(state="waiting", trace_id=play.trace_id, problems=play.problems)
        task = asyncio.create_task(self._play(self.scenarios[name]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._changed(name)

    async def close(self) -> None:
        """Cancel all plays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self, scenario: Scenario) -> None:
        play = self.plays[scenario.name]
        try:
            async with self._turn:
                play.state, play.progress = "playing", "checking whether the app answers"
                self._changed(scenario.name)
                app_url, hint = self._config.app_url, self._config.start_hint
                async with (
                    Backend(self._page_url) as backend,
                    Player(
                        app_url,
                        self._otlp_url,
                        backend,
                        start_hint=hint,
                        servers=self._config.servers,
                        source=self._config.source,
                    ) as player,
                ):
                    result = await player.play(scenario, self._report)
                play.trace_id, play.problems = result.trace_id, list(result.problems)
        except OverlapError as error:
            play.error = str(error)
        except Exception as error:
            # An error in a user's scenario must not stop the page.
            play.error = f"the scenario raised {type(error).__name__}: {error}"
        finally:
            play.state = "idle"
            self._changed(scenario.name)

    def _report(self, progress: Progress) -> None:
        play = self.plays[progress.scenario.name]
        total = len(progress.scenario.requests)
        words = f"{progress.answered} of {total} request{'' if total == 1 else 's'} answered"
        if progress.spans:
            words += f", {progress.spans} spans"
        if progress.waiting_for:
            words += f", waiting for {progress.waiting_for}"
        if words != play.progress or play.live_id != progress.trace_id:
            play.progress, play.live_id = words, progress.trace_id
            self._changed(progress.scenario.name)
