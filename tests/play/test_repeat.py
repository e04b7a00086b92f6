"""`overlap play --every`: on and on, until it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from overlap.cli import group

WITHIN_S = 60


@contextmanager
def playing(environment, folder, *arguments):
    """`overlap play --every …` in a process of its own, and the file that it writes to."""
    log = folder / "play.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "overlap", "play", "--every", *arguments],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process, log
    finally:
        process.kill()
        process.wait(10)


class Door:
    """An address of the app's that can be shut: what comes is passed on while it is open."""

    def __init__(self, behind: str) -> None:
        self.behind = (urlsplit(behind).hostname, urlsplit(behind).port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.ends = []

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.shut()

    def open(self):
        if self.listener.fileno() < 0:
            self.listener = socket.create_server(self.address)
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def shut(self):
        for each in [self.listener, *self.ends]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.ends.clear()

    def serve(self, listener):
        with suppress(OSError):
            while True:
                came, _ = listener.accept()
                on = socket.create_connection(self.behind)
                self.ends += [came, on]
                for ways in ((came, on), (on, came)):
                    threading.Thread(target=self.carry, args=ways, daemon=True).start()

    @staticmethod
    def carry(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def wait_for(log, words, count=1):
    """Until these words stand in the log so many times."""
    deadline = time.monotonic() + WITHIN_S
    while log.read_text().count(words) < count:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_plays_round_after_round_until_told_to_stop(environment, tmp_path, number):
    """Each scenario in turn, with its place in the round; then the sum, exit 0, no traceback."""
    pulse = tmp_path / "pulse"
    with playing(environment, tmp_path, "0", "--pulse", str(pulse), "gather", "serial") as (
        process,
        log,
    ):
        wait_for(log, "playing 2/2 serial", 2)
        assert pulse.exists()
        process.send_signal(number)
        assert process.wait(WITHIN_S) == 0
    said = log.read_text().splitlines()
    assert [line for line in said if line.startswith("playing")][:3] == [
        "playing 1/2 gather",
        "playing 2/2 serial",
        "playing 1/2 gather",
    ]
    good, _, played = said[-1].split()[:3]
    assert good == played
    assert int(good) >= 3
    assert "Traceback" not in log.read_text()


def test_a_scenario_that_failed_on_the_way_is_exit_1(environment, tmp_path):
    """The status tells of all that was played, as it does without --every."""
    with playing(environment, tmp_path, "0", "disappointing", "gather") as (process, log):
        wait_for(log, "playing 1/2 disappointing", 2)
        process.terminate()
        assert process.wait(WITHIN_S) == 1


def test_a_signal_does_not_wait_for_the_scenario_or_the_pause(environment, tmp_path):
    """A minute's scenario and an hour's pause are both left at once."""
    for arguments, words in [
        (("0", "slow"), "playing 1/1 slow"),
        (("3600", "gather"), "Two steps at once"),
    ]:
        with playing(environment, tmp_path, *arguments) as (process, log):
            wait_for(log, words)
            process.terminate()
            assert process.wait(20) == 0
            assert "Traceback" not in log.read_text()


def test_an_app_that_goes_away_is_told_and_waited_for(environment, tmp_path):
    """Whoever started it may start it again: the player goes on."""
    with Door(environment["OVERLAP_APP_URL"]) as door:
        through = {**environment, "OVERLAP_APP_URL": door.url}
        with playing(through, tmp_path, "0.2", "gather") as (process, log):
            wait_for(log, "Two steps at once")
            door.shut()
            wait_for(log, "skipped gather: the app does not answer")
            door.open()
            before = log.read_text().count("Two steps at once")
            wait_for(log, "Two steps at once", before + 1)
            process.terminate()
            process.wait(WITHIN_S)


def test_an_app_that_was_never_there_is_exit_2(environment, dead_url, tmp_path):
    """As without --every: there is something to mend first."""
    gone = {**environment, "OVERLAP_APP_URL": dead_url}
    with playing(gone, tmp_path, "0", "gather") as (process, log):
        assert process.wait(WITHIN_S) == 2
        assert "the app does not answer" in log.read_text()


def test_json_is_of_scenarios_played_once():
    """One object can't go on for ever."""
    done = CliRunner().invoke(group, ["play", "--every", "1", "--json"], env=dict(os.environ))
    assert done.exit_code == 2
    assert "be combined with --every" in done.output
