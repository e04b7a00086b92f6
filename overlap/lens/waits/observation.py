"""Look at a task that becomes ready after a long wait."""

from __future__ import annotations

from contextvars import Context
from types import FrameType
from typing import Any

from overlap import names
from overlap.lens.account import Account
from overlap.lens.current_account import span_in
from overlap.lens.waits import ended_by
from overlap.lens.waits.awaiting_task import awaiting_task
from overlap.lens.waits.edges import Edge, edge, how_awaited, released_by
from overlap.lens.waits.kinds import RECORDED_ALONE, kind_of, place_of
from overlap.lens.waits.wait import LEAST_S, EndedBy, Longest, Wait
from overlap.names.awaited_functions import NOT_A_WAIT
from overlap.runtime.await_chain import AwaitChain, await_chain, line_of, line_words, users_frame
from overlap.runtime.guard import failed
from overlap.runtime.stack import is_users

__all__ = ["LEAST_S", "observe"]

MOST_AWAITING = 3
"""The most tasks that are followed from the one that waits to a line of the user's code."""
_HELD = frozenset({names.WAIT_FOR_LOCK, names.WAIT_FOR_SEMAPHORE})


def observe(task: Any, ready: float, future: Any, context: Context | None) -> None:
    """Record the wait of a task that is ready since `ready`, if it waited for something.

    On the loop's thread, before its next step. The task has `overlap_step`: when its previous
    step ended, and the span that was current then.

    future: what it awaited. context: of the task.
    """
    try:
        began, span = task.overlap_step
        account: Account | None = getattr(span, "overlap_account", None)
        # A step that ended without this span has left the end of an earlier one.
        if account is None or not account.open or span_in(context) is not span:
            return
        if account.longest_waits is None:
            account.longest_waits, account.edges = Longest[Wait](), Longest[Edge]()
        waits, edges, length = account.longest_waits, account.edges, ready - began
        if length < waits.least_s and length < edges.least_s:
            return
        chain = await_chain(task)
        chain.coroutines.reverse()
        chain.frames.reverse()
        places = [*map(place_of, chain.coroutines, chain.frames)]
        kind, function = kind_of(places)
        if length >= waits.least_s:
            wait = _wait(task, began, ready, future, chain, kind, function)
            if wait is not None:
                waits.add(wait)
        if length >= edges.least_s and not future.cancelled():
            by, callback = released_by(task, future)
            if by is not None:
                how = how_awaited(places, kind, future, callback)
                users = users_frame(chain.frames) or _awaiting_frame(task)
                line = "" if users is None else line_words(users)
                edges.add(edge(task, began, ready, by, how, line))
    except Exception:
        failed("a wait is not recorded")


def _wait(  # noqa: PLR0913, PLR0917  all that is known of a wait
    task: Any, began: float, ready: float, future: Any, chain: AwaitChain, kind: str, function: str
) -> Wait | None:
    if kind == NOT_A_WAIT:
        return None
    users = users_frame(chain.frames)
    if kind not in RECORDED_ALONE and users is not None and _is_of_a_library(chain):
        return None
    users = users or _awaiting_frame(task)
    if users is None and kind not in RECORDED_ALONE:
        return None
    given_up = future.cancelled()
    return Wait(
        kind,
        began,
        ready,
        task.get_name(),
        function,
        None if users is None else line_of(users),
        given_up,
        _by(task, kind, chain.frames, given_up),
    )


def _is_of_a_library(chain: AwaitChain) -> bool:
    """Return whether a library waits, and the user's code for that library."""
    for coroutine, frame in zip(*chain, strict=True):
        file = "" if frame is None else frame.f_code.co_filename
        if is_users(file) or (
            "-packages/" in file and not place_of(coroutine, frame).function.is_adapter
        ):
            return not is_users(file)
    return False


def _awaiting_frame(task: Any) -> FrameType | None:
    """Return the line of the user's code that awaits a task without one: `gather(get(), get())`."""
    for _ in range(MOST_AWAITING):
        task = awaiting_task(task)
        if task is None:
            return None
        found = users_frame(reversed(await_chain(task).frames))
        if found is not None:
            return found
    return None


def _by(task: Any, kind: str, frames: list[FrameType | None], given_up: bool) -> EndedBy | None:
    if kind == names.WAIT_FOR_DNS:  # nobody's
        return None
    if not given_up:
        return ended_by.running(task.get_loop())
    innermost = frames[0] if kind in _HELD and frames else None
    if innermost is None:
        return None
    return ended_by.holder(task.get_loop(), innermost.f_locals.get("self"))
