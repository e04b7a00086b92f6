"""SIGINT and SIGTERM on loops with and without `add_signal_handler`."""

import asyncio
import os
import signal

import pytest

from overlap.runtime.stop_signals import NUMBERS, on_stop_signals


class NoHandlers(asyncio.SelectorEventLoop):
    """As the loops of Windows are."""

    def add_signal_handler(self, _number, _callback, *_arguments):
        raise NotImplementedError

    remove_signal_handler = add_signal_handler


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, NoHandlers])
def test_a_signal_calls_the_function_on_the_loop_until_it_is_undone(loop, number):
    """The handlers from before are there again afterwards."""
    before = signal.getsignal(number)

    async def run():
        called = asyncio.Event()
        undo = on_stop_signals(asyncio.get_running_loop(), called.set)
        try:
            os.kill(os.getpid(), number)
            await asyncio.wait_for(called.wait(), 10)
        finally:
            undo.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())
    assert signal.getsignal(number) == before
