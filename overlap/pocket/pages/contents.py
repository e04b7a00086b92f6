"""The contents of each page, collected from the store, the judged traces and the play queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from overlap.config import Config, load_scenarios
from overlap.errors import OverlapError
from overlap.pocket.pages.drawing.judged_traces import ROWS, Judged, JudgedTraces
from overlap.pocket.pages.drawing.waterfall import picture
from overlap.pocket.pages.expectation import checks
from overlap.pocket.pages.live_events import EventHub
from overlap.pocket.pages.page_data import Card, Pair, Part, View
from overlap.pocket.pages.scenarios import PlayQueue
from overlap.pocket.pages.source import Received, Recorded, Source
from overlap.pocket.storage.logs_and_metrics import Telemetry
from overlap.pocket.storage.store import Store, StoredTrace
from overlap.pocket.survey.live_survey import CALM_S, KEPT_MINUTES, LiveSurvey
from overlap.recording import Summary
from overlap.scenario import Scenario, mismatches
from overlap.waterfall import Waterfall

JUDGED_WITHIN_S = 0.5
"""A page is answered without a verdict if that takes longer, and reloads."""
THUMBNAIL_ROWS = 14


class Contents:
    """Collects the contents of the pages; also owns what they are made from."""

    def __init__(  # noqa: PLR0913  one argument a part
        self,
        store: Store,
        telemetry: Telemetry,
        config: Config,
        *,
        otlp_url: str,
        page_url: str,
        source: Source | None = None,
        survey_minutes: int = KEPT_MINUTES,
        recording: Summary | None = None,
    ) -> None:
        self.recording = recording
        self.store, self.telemetry, self.config = store, telemetry, config
        self.event_hub, self.judged_traces = EventHub(), JudgedTraces(config.source)
        self.source: Source = source or (Recorded() if recording else Received())
        self.no_scenarios = ""
        self.survey_source = f"overlap survey {page_url}"
        """The command that prints the same survey."""
        scenarios: Sequence[Scenario] = ()
        try:
            scenarios = load_scenarios(config)
        except OverlapError as error:
            self.no_scenarios = str(error)
        except Exception as error:
            # The scenarios are the user's module: an error in it must not stop the backend.
            self.no_scenarios = (
                f"the scenarios at {config.scenarios} can't be imported: "
                f"{type(error).__name__}: {error}"
            )
        self.play_queue = PlayQueue(
            scenarios,
            config,
            otlp_url=otlp_url,
            page_url=page_url,
            changed=lambda name: self.event_hub.publish([f"scenario:{name}"]),
        )
        self.survey = LiveSurvey(
            store, lambda: self.event_hub.publish(["survey"]), survey_minutes, config.source
        )
        store.on_change = self._changed

    async def trace(self, trace_id: bytes) -> StoredTrace | None:
        """Return a trace, which the source may have to look for."""
        await self.source.find(trace_id)
        return self.store.get(trace_id)

    def busy(self) -> bool:
        """Return whether any scenario is being played."""
        return any(play.busy for play in self.play_queue.plays.values())

    async def pairs(self) -> list[Pair]:
        """Return every scenario once, each pair together."""
        shown: set[str] = set()
        found: list[Pair] = []
        for name, scenario in self.play_queue.scenarios.items():
            if name in shown:
                continue
            partner = scenario.pair if scenario.pair in self.play_queue.scenarios else None
            again = partner in shown
            shown |= {name, partner} - {None}  # type: ignore[arg-type]
            found.append(replace(await self.beside(name, THUMBNAIL_ROWS), again=again))
        return found

    async def beside(self, name: str, rows: int | None = None) -> Pair:
        """Return a scenario and its pair, with pictures of the same scale."""
        cards = [await self._card(name)]
        partner = cards[0].scenario.pair
        if partner in self.play_queue.scenarios:
            cards.append(await self._card(partner))
        totals = [card.judged.waterfall.total_ms for card in cards if card.judged]
        scale = max(totals, default=0.0)
        return Pair([_drawn(card, scale, rows) for card in cards])

    async def view(self, stored: StoredTrace, part: Part) -> View | None:
        """Return a part of a trace; None while a large trace is still being judged."""
        judged = await self.judged_traces.judged_within(stored, JUDGED_WITHIN_S)
        if judged is None:
            return None
        waterfall, part = await asyncio.to_thread(_laid_out, judged, part)
        scenario = self.play_queue.scenarios.get(stored.scenario)
        kept = {span.span_id for span in judged.trace.spans}
        return View(
            stored=stored,
            judged=judged,
            picture=picture(waterfall, live=_is_incomplete(stored)),
            part=part,
            # A log record is also an event of its span: only records without a span are listed.
            logs=[
                line for line in self.telemetry.logs(stored.trace_id) if line.span_id not in kept
            ],
            scenario=scenario,
            checks=checks(scenario, judged.verdict) if scenario else [],
            incomplete=_is_incomplete(stored),
        )

    async def _card(self, name: str) -> Card:
        scenario, play = self.play_queue.scenarios[name], self.play_queue.plays[name]
        stored = self.store.of_scenario(name)
        if played := (play.live_id if play.busy else play.trace_id):
            await self.source.find(bytes.fromhex(played))
            stored = self.store.of_scenario(name)
        if play.busy and play.live_id:
            stored = self.store.get(bytes.fromhex(play.live_id)) or stored
        judged = await self.judged_traces.judged(stored) if stored else None
        problems: list[str] = []
        if stored and judged:
            problems = mismatches(scenario.expect, judged.verdict)
            if play.trace_id == stored.id:
                # What only the player knows: requests that failed, spans that were never received.
                problems = list(dict.fromkeys([*play.problems, *problems]))
        return Card(
            scenario=scenario,
            play=play,
            stored=stored,
            judged=judged,
            picture=None,
            checks=checks(scenario, judged.verdict if judged else None),
            problems=problems,
            incomplete=stored is not None and _is_incomplete(stored),
        )

    def _changed(self, trace_ids: set[bytes]) -> None:
        self.survey.received(trace_ids)
        topics = {"traces"}
        for trace_id in trace_ids:
            topics.add(trace_id.hex())
            stored = self.store.get(trace_id)
            if stored is not None and stored.scenario:
                topics.add(f"scenario:{stored.scenario}")
        self.event_hub.publish(topics)


def _laid_out(judged: Judged, part: Part) -> tuple[Waterfall, Part]:
    """Return the rows that a page asks for; the overview if it asks for an unknown span."""
    outline = judged.outline
    if part.query:
        waterfall, ids = outline.found(part.query, part.rows)
        return waterfall, replace(part, hits=frozenset(ids))
    if part.open is not None:
        opened = outline.opened(part.open, part.rows, part.first)
        if opened is not None:
            span = next((one for one in judged.trace.spans if one.span_id == part.open), None)
            first_ns = min(one.start_ns for one in judged.trace.spans)
            start_ms = (span.start_ns - first_ns) / 1e6 if span else 0.0
            return opened, replace(part, name=span.name if span else "", start_ms=start_ms)
    if part.rows == ROWS:
        return judged.waterfall, Part()
    return outline.overview(part.rows), Part(rows=part.rows)


def _is_incomplete(stored: StoredTrace) -> bool:
    return time.time() - stored.arrived < CALM_S


def _drawn(card: Card, scale_ms: float, rows: int | None) -> Card:
    if card.judged is None:
        return card
    waterfall = card.judged.waterfall
    if rows is not None and len(waterfall.bars) > rows:
        more = waterfall.omitted + len(waterfall.bars) - rows
        waterfall = replace(waterfall, bars=waterfall.bars[:rows], omitted=more)
    live = card.state in ("playing", "incomplete")
    drawn = picture(waterfall, scale_ms=scale_ms, columns=44, live=live)
    return replace(card, picture=drawn)
