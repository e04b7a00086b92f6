"""structlog and OpenTelemetry stay the project's that are set up in worker_process_init."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.instrument.conftest import until

pytestmark = pytest.mark.slow
CELERY = ("celery", "-A", "queuesite.own_celery", "worker", "-c", "1", "--without-gossip")
RUN = ("overlap", "run", "--no-pocket", "--")
SEND = "from queuesite.own_celery import app, pay; pay.delay(); app.close()"


@pytest.fixture
def site(own_sink, broker, tmp_path):
    """The variables of the project and of its worker."""
    return {
        "SITE_FOLDER": str(tmp_path),
        "SITE_QUEUE": tmp_path.name,
        "SITE_REDIS": broker,
        "OTEL_EXPORTER_OTLP_ENDPOINT": own_sink.url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.mark.parametrize(
    "setting",
    [("before", CELERY), ("after", CELERY), ("", (*RUN, *CELERY))],
    ids=["instrument before", "instrument after", "overlap run"],
)
def test_both_sides_see_the_job_as_it_was_set_up(own_sink, run, worker, site, setting):
    """The wrapper class, the redaction and the renderer hold; each side gets the span once."""
    order, command = setting
    with worker("-m", *command, **site, SITE_OVERLAP=order) as log:
        run(SEND, "http://127.0.0.1:9", **site)
        until(lambda: own_sink.named("run/pay"), f"the job's span; {log.read_text()}")
    folder = Path(site["SITE_FOLDER"])
    assert (folder / "lines").read_text() == "audit=True card='****' event='paid'\n"
    assert (folder / "spans").read_text().splitlines().count("run/pay") == 1
    ran = own_sink.one("run/pay")
    assert ran.resource["service.name"] == "kitchen"
    assert [(name, values["card"]) for name, values in ran.events] == [("paid", "****")]
    (record,) = (each for each in own_sink.logs if each.body == "paid")
    assert record.attributes["card"] == "****"
    assert record.trace_id == ran.trace_id
    assert "Traceback" not in log.read_text()
    assert "4111" not in log.read_text()
