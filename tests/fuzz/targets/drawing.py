"""The terminal: nothing but printable text of a trace's names, and no line wider than asked."""

import io

from rich.cells import cell_len
from rich.console import Console, RenderableType

from overlap.compare import compare
from overlap.compare.report import heading
from overlap.compare.report import report as compare_report
from overlap.draw import aligned, picture
from overlap.errors import UnreadableTrace
from overlap.judge import verdict
from overlap.judge.report import report
from overlap.survey import survey
from overlap.survey.tables import report as survey_report
from overlap.trace import read
from tests.fuzz.printable import assert_printable
from tests.fuzz.targets.samples import INPUTS, otlp_json

WIDTH = 100


def seeds() -> list[bytes]:
    names = ("otlp.json.gz", "jaeger_many.json", "zipkin.json", "console_py.json")
    return [otlp_json(), *((INPUTS / name).read_bytes() for name in names)]


def check(data: bytes) -> None:
    try:
        traces = read(data)[:5]
    except UnreadableTrace:
        return
    verdicts = [verdict(trace) for trace in traces]
    for trace, found in zip(traces, verdicts, strict=True):
        _print(picture(trace, found), report(found))
    found = compare(traces[0], traces[-1], verdicts[0], verdicts[-1])
    pictures = aligned((traces[0], verdicts[0]), (traces[-1], verdicts[-1]))
    _print(heading("A", found.a), heading("B", found.b), *pictures, compare_report(found))
    _print(survey_report(survey(traces).as_dict()))


def _print(*shown: RenderableType) -> None:
    for encoding in ("utf-8", "ascii"):
        out = io.TextIOWrapper(io.BytesIO(), encoding, errors="replace", newline="\n")
        console = Console(file=out, highlight=False, markup=False, emoji=False, width=WIDTH)
        console.print(*shown)
        out.flush()
        text = out.buffer.getvalue().decode(encoding)
        assert_printable(text)
        for line in text.split("\n"):
            # In ASCII a mark without width is a question mark of one: tables may be wider.
            assert encoding == "ascii" or cell_len(line) <= WIDTH, line
