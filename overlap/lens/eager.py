"""Eager tasks: the first step of one is no callback, but runs inside of the task's making."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from overlap.lens.current import account_in


class Factory:
    """Stands around a task factory."""

    def __init__(self, stock: Callable[..., Any]) -> None:
        self.stock = stock

    def __call__(self, loop: Any, coro: Any, **options: Any) -> Any:
        above = account_in(None)
        begin = perf_counter()
        task = self.stock(loop, coro, **options)
        end = perf_counter()
        # What is above both has the whole of the step that this happens in.
        account = account_in(task.get_context()) if hasattr(task, "get_context") else None
        while account is not None and account is not above:
            if account.open:
                account.add(begin, begin, end)
            account = account.parent
        return task
