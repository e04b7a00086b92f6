"""SIGINT and SIGTERM on loops with and without `add_signal_handler`."""

import asyncio
import os
import signal
import subprocess
import sys

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


CLEANING = """
import os, sys, time
from overlap.runtime.stop_signals import exit_at_first
exit_at_first()
try:
    print("started", flush=True)
    time.sleep(60)
finally:
    print("stopping", flush=True)
    sys.stdin.readline()
    print("stopped", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)]
)
def test_the_first_signal_ends_a_command_and_the_next_do_not_interrupt_its_end(number, status):
    """What it started is stopped, whatever comes meanwhile."""
    command = subprocess.Popen(
        [sys.executable, "-c", CLEANING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with command:
        assert command.stdout.readline() == "started\n"
        command.send_signal(number)
        assert command.stdout.readline() == "stopping\n"
        for each in NUMBERS:
            command.send_signal(each)
        assert command.communicate("\n", timeout=20)[0] == "stopped\n"
    assert command.returncode == status


def test_a_signal_that_is_ignored_at_the_start_stays_ignored():
    """A shell starts what it runs in the background so."""
    ignoring = CLEANING.replace(
        "exit_at_first()\n", "import signal\nsignal.signal(2, signal.SIG_IGN)\nexit_at_first()\n", 1
    ).replace("time.sleep(60)", "assert signal.getsignal(2) is signal.SIG_IGN")
    done = subprocess.run(
        [sys.executable, "-c", ignoring], input="\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
