"""Which task awaits another, however it does."""

from __future__ import annotations

import asyncio

import pytest

from overlap.lens.waits.awaiting_task import awaiting_task


async def by_await(task):
    await task


async def by_gather(task):
    await asyncio.gather(task, asyncio.sleep(0))


async def by_wait(task):
    await asyncio.wait([task])


async def by_wait_for(task):
    await asyncio.wait_for(task, 5)


async def by_shield(task):
    await asyncio.shield(task)


async def by_nested_gather(task):
    await asyncio.gather(asyncio.gather(asyncio.shield(task)))


@pytest.mark.parametrize(
    "await_it", [by_await, by_gather, by_wait, by_wait_for, by_shield, by_nested_gather]
)
def test_the_awaiting_task_is_found(await_it):
    """One that nobody awaits has none."""

    async def main():
        release = asyncio.Event()
        task = asyncio.create_task(release.wait())
        await asyncio.sleep(0)
        assert awaiting_task(task) is None
        other = asyncio.create_task(await_it(task))
        await asyncio.sleep(0)
        assert awaiting_task(task) is other
        release.set()
        await other

    asyncio.run(main())


def test_a_task_group_belongs_to_its_task():
    """Its tasks are awaited by the one that entered it."""

    async def main():
        release = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(release.wait())
            await asyncio.sleep(0)
            assert awaiting_task(task) is asyncio.current_task()
            release.set()

    asyncio.run(main())
