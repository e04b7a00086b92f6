"""Files of traces: each is read and judged, or refused in one printable line."""

import msgspec

from overlap.errors import UnreadableTrace
from overlap.judge import verdict
from overlap.trace import read
from tests.fuzz.printable import assert_printable
from tests.fuzz.targets.samples import every_format as seeds

__all__ = ["check", "seeds"]


def check(data: bytes) -> None:
    try:
        traces = read(data, source="input")
    except UnreadableTrace as error:
        said = str(error)
        assert_printable(said, also="")
        assert len(said) < 500, said
        return
    assert traces
    assert all(trace.spans for trace in traces)
    for trace in traces[:20]:
        msgspec.json.encode(verdict(trace))
        for warning in trace.warnings:
            assert_printable(warning, also="")
