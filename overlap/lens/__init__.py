"""The lens: for each span, how long its tasks ran, were ready to run, and waited.

It is built on one fact: on asyncio and on uvloop, each step of each task is a callback that goes
through `loop.call_soon` at the moment when the task can continue. No task, no coroutine and
no task factory is replaced, so that names, stacks and cancellation stay as they are.

It costs time for each request it measures, so it measures a limited number of them a second.
"""

from opentelemetry.sdk.trace import SpanProcessor

from overlap.lens.account import Account
from overlap.lens.install import Lenses
from overlap.lens.route_time import RouteTime
from overlap.lens.span_processor import LensSpans
from overlap.lens.steps import Steps, running_here
from overlap.lens.threads import ThreadSpans
from overlap.lens.waits import WaitSpans

__all__ = [
    "Account", "LensSpans", "Lenses", "RouteTime", "Steps", "ThreadSpans", "WaitSpans",
    "processors", "running_here",
]  # fmt: skip


def processors() -> list[SpanProcessor]:
    """Return the span processors that record the lens's figures."""
    return [LensSpans(), WaitSpans(), ThreadSpans()]
