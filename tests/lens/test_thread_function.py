"""The user's function behind what a thread is handed."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.dispatch import Signal

from overlap.lean.thread_context import RequestContext
from overlap.lean.thread_pool import Pool
from overlap.lens.threads.function import function_name

HERE = __name__


def smoke(*_args, **_named):
    return "smoked"


@wraps(smoke)
def wrapper(*args):
    return smoke(*args)


class Oven:
    def __call__(self):
        return "hot"

    def heat(self):
        return "hot"


@pytest.mark.parametrize(
    ("call", "args", "name"),
    [
        (smoke, (), f"{HERE}.smoke"),
        (partial(partial(smoke, 1), 2), (), f"{HERE}.smoke"),
        (contextvars.Context().run, (smoke, 1), f"{HERE}.smoke"),
        (wrapper, (), f"{HERE}.smoke"),
        (Oven(), (), f"{HERE}.Oven"),
        (Oven().heat, (), f"{HERE}.Oven.heat"),
        (sorted, ([],), "sorted"),
    ],
)
def test_wrappers_are_looked_behind(call, args, name):
    """Partials, contexts, decorators and instances."""
    assert function_name(call, args) == name


@pytest.fixture
def submitted(monkeypatch):
    """The names of what was submitted to a ThreadPoolExecutor."""
    found, stock = [], ThreadPoolExecutor.submit

    def submit(self, fn, /, *args, **named):
        found.append(function_name(fn, args))
        return stock(self, fn, *args, **named)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    return found


@pytest.mark.parametrize("context", [ThreadSensitiveContext, lambda: RequestContext(Pool())])
def test_what_asgiref_and_lean_hand_over_is_known(submitted, context):
    """As they call it in this version."""

    async def main():
        async with context():
            assert await sync_to_async(smoke)(1, spice="salt") == "smoked"

    asyncio.run(main())
    assert f"{HERE}.smoke" in submitted


def test_what_asyncio_hands_over_is_known(submitted):
    """By to_thread and run_in_executor."""

    async def main():
        await asyncio.to_thread(smoke, 1)
        await asyncio.get_running_loop().run_in_executor(None, smoke)

    asyncio.run(main())
    assert submitted == [f"{HERE}.smoke"] * 2


def test_sync_receivers_are_named(submitted):
    """Django calls all those of a signal in one go; three are named."""
    signal = Signal()

    def season(**_named):
        return None

    for number, receiver in enumerate((smoke, season, smoke, smoke)):
        signal.connect(receiver, weak=False, dispatch_uid=number)
    asyncio.run(signal.asend(None))
    season_name = f"{HERE}.{season.__qualname__}"
    assert submitted == [f"receivers {HERE}.smoke, {season_name}, {HERE}.smoke and 1 more"]
