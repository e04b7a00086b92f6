"""Eager tasks, whose first step is no callback: it runs while the task is created."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from overlap.lens.current_account import account_in, span_in
from overlap.runtime.guard import hide_frames
from overlap.runtime.loop_methods import replaced


class Factory:
    """Wraps a task factory."""

    def __init__(self, stock: Callable[..., Any]) -> None:
        self.stock = stock

    def __call__(self, loop: Any, coro: Any, **options: Any) -> Any:
        above = account_in(None)
        begin = perf_counter()
        try:
            task = self.stock(loop, coro, **options)
        except BaseException as error:
            hide_frames(error)
            raise
        end = perf_counter()
        # Accounts above both include the step that creates the task already.
        account = account_in(task.get_context()) if hasattr(task, "get_context") else None
        if account is not None and not task.done():
            task.overlap_step = (end, span_in(task.get_context()))
        while account is not None and account is not above:
            if account.open:
                account.add(begin, begin, end)
            account = account.parent
        return task


def see_eager_tasks(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Wrap each task factory that is set on `loop`; return a function that undoes it."""
    stock_set, stock_get = loop.set_task_factory, loop.get_task_factory

    def set_task_factory(factory: Any) -> None:
        stock_set(None if factory is None else Factory(factory))

    def get_task_factory() -> Any:
        factory = stock_get()
        return factory.stock if isinstance(factory, Factory) else factory

    undo = ExitStack()
    set_task_factory(stock_get())
    undo.callback(replaced(loop, "set_task_factory", set_task_factory))
    undo.callback(replaced(loop, "get_task_factory", get_task_factory))
    undo.callback(lambda: stock_set(get_task_factory()))
    return undo.close
