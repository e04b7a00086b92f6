"""Files of the flight recorder: read and shown, or refused in one line."""

import tempfile
from pathlib import Path

from overlap.errors import OverlapError
from overlap.judge import verdict
from overlap.recorder import layout
from overlap.recorder.ring import Ring
from overlap.recording import summary, traces
from overlap.recording.otlp import lines
from overlap.recording.read import parse
from overlap.recording.report import report
from overlap.trace import read
from tests.fuzz.printable import assert_printable
from tests.fuzz.targets.drawing import _print

_NAMES = 256
"""The bytes of names in an input: a file has more room, most of it empty."""


def seeds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        ring = Ring(Path(folder) / "a.ring", 0.001, "shop", "an instance")
        write = ring.writer()
        at = layout.FIRST + ring.next_place() * layout.SIZE
        layout.BEGIN.pack_into(ring.memory, at, layout.REQUEST, 0, 0, 1, bytes(15) + b"\1", 10.0)
        for kind in range(layout.END, layout.LOST + 1):
            write(kind, 0, 200, 1, 8, 10.0 + kind / 100, 0.01, 0.2, f"sleep views.py:{kind} in a")
        content = bytes(ring.memory)
        ring.close(keep=False)
        ring.memory.close()
    names = layout.HEAD_SIZE + _NAMES
    return [content[:names] + content[layout.FIRST :], content[: layout.HEAD_SIZE], b""]


def check(data: bytes) -> None:
    names = data[layout.HEAD_SIZE : layout.HEAD_SIZE + _NAMES].ljust(layout.NAMES_SIZE, b"\0")
    head = data[: layout.HEAD_SIZE].ljust(layout.HEAD_SIZE, b"\0")
    try:
        recording = parse(head + names + data[layout.HEAD_SIZE + _NAMES :], "a.flight")
    except OverlapError as error:
        assert_printable(str(error), also="")
        return
    _print(report(summary(recording)))
    made = [*traces(recording)]
    for trace in made[:3]:
        verdict(trace)
    text = "".join(f"{line}\n" for line in lines(made))
    if text:
        read(text.encode("utf-8", "replace"))
