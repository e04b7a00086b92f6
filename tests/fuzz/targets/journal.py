"""Files of the journal: whatever one holds, the next process starts, and reports what it can."""

import contextlib
import io
import tempfile
from pathlib import Path

import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from overlap.instrument.tasks.journal import Journal, Note, take_lost_tasks
from overlap.instrument.tasks.lost_tasks import report_lost_tasks
from overlap.telemetry.export.encoding import pack_span
from overlap.telemetry.logs.renderers import line_processors, renderer_processors
from tests.fuzz.printable import assert_printable

_sent = []


class _Packs(SpanExporter):
    def export(self, spans):
        _sent.extend(pack_span(span) for span in spans)
        return SpanExportResult.SUCCESS


structlog.configure(
    processors=[*line_processors(), *renderer_processors("console")],
    logger_factory=structlog.PrintLoggerFactory(),
    cache_logger_on_first_use=False,
)
_provider = TracerProvider()
_provider.add_span_processor(SimpleSpanProcessor(_Packs()))


def seeds() -> list[bytes]:
    from overlap.instrument.tasks.block_notes import block_name

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder), "shop", "an instance")
        journal.write(Note("smoke", f"{1:032x}", 7, 8, 9, 1, 1_700_000_000_000_000_000))
        journal.write(Note("ü" * 200, f"{2:032x}", 7, 10, 0, 1, 1_700_000_000_000_000_000))
        name = block_name("cpu", "views.py", 12, "smoke")
        journal.write(Note(name, f"{3:032x}", 7, 11, 9, 1, 1_700_000_000_000_000_000))
        journal.heartbeat(1_700_000_000_500_000_000)
        (path,) = Path(folder).iterdir()
        content = path.read_bytes()
        journal.close()
    return [content.rstrip(b"\0") + bytes(256), content[:1024], content[-1024:], b""]


def check(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shop.1.2.tasks").write_bytes(data)
        (Path(folder) / "shop.3.4.tasks").write_bytes(data + bytes(-len(data) % 256))
        left = take_lost_tasks(Path(folder), "shop")
        assert not [*Path(folder).iterdir()]
    _sent.clear()
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        report_lost_tasks(left, _provider)
    assert_printable(shown.getvalue())
