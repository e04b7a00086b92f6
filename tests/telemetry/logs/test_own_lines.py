"""Overlap's own log lines are in the format of whatever the project has configured."""

import pytest

FAILING = """
import asyncio, io, logging, sys, overlap
from django.conf import settings
sys.stderr = err = io.StringIO()
async def roast(): raise RuntimeError("too hot")
async def main():
    overlap.spawn(roast(), name="roast")
    await asyncio.sleep(0.05)
def fail():
    overlap.instrument()
    import django; django.setup()
    asyncio.run(main())
    overlap.shutdown()
"""
WITH_LOGGING = """
out = io.StringIO()
settings.LOGGING = {
    "version": 1, "disable_existing_loggers": False,
    "formatters": {"f": {"format": "MYFMT %(levelname)s %(name)s %(message)s"}},
    "handlers": {"c": {"class": "logging.StreamHandler", "formatter": "f", "stream": out}},
    "root": {"handlers": ["c"], "level": "INFO"},
}
fail()
lines = out.getvalue().splitlines()
assert lines[0] == "MYFMT ERROR overlap.instrument.tasks background task failed: task='roast'"
assert lines[-1] == "RuntimeError: too hot"
assert len([line for line in lines if line.startswith("MYFMT")]) == 1, lines
assert err.getvalue() == "", err.getvalue()
"""
WITH_STRUCTLOG = """
import structlog
structlog.configure(processors=[structlog.processors.KeyValueRenderer(key_order=["event"])],
    logger_factory=structlog.PrintLoggerFactory(err))
fail()
assert err.getvalue().startswith("event='background task failed' task='roast'"), err.getvalue()
"""
WITH_NOTHING = """
fail()
assert '"event": "background task failed"' in err.getvalue(), err.getvalue()
"""


@pytest.mark.parametrize("configured", [WITH_LOGGING, WITH_STRUCTLOG, WITH_NOTHING])
def test_a_line_is_in_the_projects_format(own_sink, run, configured):
    """On the console once, and sent once, with its fields."""
    run(FAILING + configured, own_sink.url)
    (record,) = own_sink.logs
    assert record.body == "background task failed"
    assert record.attributes["task"] == "roast"
    assert record.attributes["exception.message"] == "too hot"
