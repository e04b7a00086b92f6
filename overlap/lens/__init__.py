"""The lens: for each span, how long its tasks ran, could have run, and waited.

Built on one fact: on asyncio and on uvloop, each step of each task is a callback that goes
through `loop.call_soon`, at the moment at which the task can go on. No task, no coroutine and
no task factory is replaced, so that names, stacks and cancellation stay as they are.

Its price is for each request it looks at; it looks at so many a second, and rests then.
"""

from opentelemetry.sdk.trace import SpanProcessor

from overlap.lens.install import Lenses
from overlap.lens.span_processor import LensSpans
from overlap.lens.steps import Steps, running_here
from overlap.lens.thread_work import ThreadSpans

__all__ = ["LensSpans", "Lenses", "Steps", "ThreadSpans", "processors", "running_here"]


def processors() -> list[SpanProcessor]:
    """What notes the lens' figures on spans."""
    return [LensSpans(), ThreadSpans()]
