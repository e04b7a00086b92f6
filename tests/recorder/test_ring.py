"""The ring: fixed in size, the oldest goes first, and threads lose nothing of each other's."""

from __future__ import annotations

import threading

import pytest

from overlap.recorder import layout
from overlap.recorder.ring import Ring
from overlap.recording.read import parse


@pytest.fixture
def ring(tmp_path):
    """A ring of 4096 records."""
    made = Ring(tmp_path / "shop.1.ring", 4096 * layout.SIZE / 2**20, "shop", "an instance")
    yield made
    made.close(keep=False)
    made.memory.close()


def lost(write, name, at):
    write(layout.LOST, 0, 0, 7, 0, at, 0.0, 0.0, name)


def test_what_is_written_is_read(ring):
    """Texts of the head, names and figures come back as they were."""
    import time

    write = ring.writer()
    lost(write, "smoke", time.perf_counter())
    write(layout.END, layout.FAILED, 500, 7, 0, time.perf_counter(), 0.0, 0.25, "GET /ä/")
    found = parse(bytes(ring.memory))
    assert (found.service, found.instance, found.reason) == ("shop", "an instance", "")
    assert [each.what for each in found.lost] == ["smoke"]
    (request,) = found.requests
    assert (request.name, request.status, request.outcome) == ("GET /ä/", 500, "failed")
    assert request.took_s == pytest.approx(0.25)
    assert found.left_out == 0


def test_the_oldest_is_overwritten(ring):
    """It never grows: of five thousand records, the last 4096 are there."""
    import time

    write, since = ring.writer(), time.perf_counter()
    for number in range(5000):
        lost(write, str(number % 100), since + number / 1e6)
    found = parse(bytes(ring.memory))
    assert ring.places == len(found.lost) == 4096
    assert found.lost[0].what == str(904 % 100)
    assert len(ring.memory) == layout.FIRST + 4096 * layout.SIZE


def test_names_beyond_the_room_are_other(ring):
    """A project with a million names costs no memory."""
    write = ring.writer()
    for number in range(3000):
        lost(write, f"{number}" * 60, float(number))
    numbers = {ring.name(f"{number}" * 60) for number in range(3000)}
    assert ring.name(layout.OTHER) in numbers
    assert len(numbers) < 2000
    assert ring.name("") == 0


def test_threads_that_write_at_once_get_places_of_their_own(ring):
    """No lock, and nothing is lost."""
    import time

    write, now = ring.writer(), time.perf_counter()

    def work(thread):
        for _ in range(1000):
            lost(write, f"thread {thread}", now)

    threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    found = [each.what for each in parse(bytes(ring.memory)).lost]
    assert {found.count(f"thread {each}") for each in range(4)} == {1000}
    assert len(found) == 4000


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """The caller says so once, and records nothing."""
    with pytest.raises(OSError, match="nowhere"):
        Ring(tmp_path / "nowhere" / "a.ring", 1, "shop", "")
