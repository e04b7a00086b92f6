"""Waits: what a task waited for, at which line of the user's code, and who ended the wait.

Nothing of asyncio is replaced. The lens (overlap.lens.steps) times each step of each task; when a
task becomes ready again after 5 ms or longer, two things are at hand that cost nothing to keep:

- The task is still suspended, so its chain of awaits ends where it waited: in `Lock.acquire`, in
  httpcore's pool, in `asyncio.sleep` (`kinds.py`), and holds the line of the user's code.
- What ends the wait runs at this moment, and its stack is ours. A lock is released by the task
  that held it, a pool's connection is returned by the task that used it (`ended_by.py`).

So locks, fairness, cancellation and exceptions stay as they are, and a wait costs something only
after it was long. The longest waits of a span become spans when it ends (`wait_spans.py`). Timers
and the network do not: the lens lists them with its other figures (names.LOOP_AWAITED).
"""

from overlap.lens.waits.observation import LEAST_S, observe
from overlap.lens.waits.wait_spans import WaitSpans

__all__ = ["LEAST_S", "WaitSpans", "observe"]
