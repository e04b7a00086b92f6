"""The hops of the telemetry pipeline in order, and the walk that checks them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from overlap.doctor.context import Context
from overlap.doctor.finding import Absent, Broken, Finding
from overlap.doctor.hops import app, collector, exemplar, grafana, logs, metrics, monitor, page, sdk
from overlap.doctor.hops import traces as kept


@dataclass(frozen=True, slots=True)
class Hop:
    """One part of the telemetry pipeline."""

    name: str
    looking: str
    """What is being done, for the progress line."""
    look: Callable[[Context], Awaitable[str]]
    """Returns what was seen; raises Broken or Absent."""
    needs: tuple[str, ...] = ()
    """The hops that must work before this one can be checked."""


HOPS = (
    Hop("app", "asking the app", app.look),
    Hop("collector", "sending a span, a log record and a metric", collector.look),
    Hop("traces", "looking for our span", kept.look, ("collector",)),
    Hop("sdk", "looking for the app's span of our request", sdk.look, ("app", "traces")),
    Hop("logs", "looking for our log line", logs.look, ("collector", "traces")),
    Hop("metrics", "looking for our metric", metrics.look, ("collector", "traces")),
    Hop("exemplar", "waiting for an exemplar of the app", exemplar.look, ("sdk", "metrics")),
    Hop("monitor", "waiting for Jaeger's Monitor tab", monitor.look, ("sdk",)),
    Hop("grafana", "asking Grafana", grafana.look),
    Hop("page", "looking for our span on the page", page.look, ("traces",)),
)


async def walk(
    context: Context, timeout_s: float, looking: Callable[[Hop], None] = lambda _hop: None
) -> AsyncIterator[Finding]:
    """Check each hop, for at most `timeout_s` seconds in total; `looking` is called before each."""
    deadline = time.monotonic() + timeout_s
    states: dict[str, str] = {}
    for hop in HOPS:
        looking(hop)
        began = time.monotonic()
        missing = next((need for need in hop.needs if states[need] != "ok"), None)
        if missing is not None:
            finding = _not_looked_at(hop, missing, states[missing])
        elif began >= deadline and "broken" in states.values():
            finding = Finding(hop.name, "skipped", "not checked: time was up", "", 0)
        else:
            finding = await _look(hop, context, deadline - began)
        states[hop.name] = finding.state
        yield finding


def broken(findings: Sequence[Finding]) -> Finding | None:
    """Return the first hop that is broken, or None."""
    return next((each for each in findings if each.state == "broken"), None)


async def _look(hop: Hop, context: Context, left_s: float) -> Finding:
    began = time.monotonic()

    def found(state: str, seen: str, do: str = "") -> Finding:
        return Finding(hop.name, state, seen, do, time.monotonic() - began)  # type: ignore[arg-type]

    try:
        async with asyncio.timeout(max(0.0, left_s)):
            return found("ok", await hop.look(context))
    except Absent as error:
        return found("absent", str(error))
    except Broken as error:
        return found("broken", str(error), error.do)
    except TimeoutError:
        return found(
            "broken",
            f"time was up while {hop.looking}",
            "raise --timeout, or see why the server takes so long",
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        # The server that answers is not the one that was expected.
        return found(
            "broken",
            f"an answer could not be read ({type(error).__name__}: {error})",
            "another server than expected may listen at that address",
        )


def _not_looked_at(hop: Hop, missing: str, state: str) -> Finding:
    if state == "absent":
        return Finding(hop.name, "absent", f"it needs {missing}, which is not set up", "", 0)
    return Finding(hop.name, "skipped", f"not checked: it needs {missing}", "", 0)
