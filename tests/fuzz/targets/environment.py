"""Variables of the environment: whatever they hold, instrument() starts, and a command says why."""

import contextlib
import io
import json
import logging
import os
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from overlap import config
from overlap.errors import OverlapError
from overlap.telemetry.export.secrets import _from_environment
from tests.fuzz.printable import assert_printable

VARIABLES = (
    "OVERLAP_BLOCKED_THRESHOLD_MS", "OVERLAP_DRAIN_TIMEOUT_S", "OVERLAP_LOG_FORMAT",
    "OVERLAP_LOG_LEVEL", "OVERLAP_LEAN", "OVERLAP_LENS", "OVERLAP_LENS_RATE",
    "OVERLAP_INSTRUMENTORS", "OVERLAP_APP_URL", "OVERLAP_TRACES_URL", "OVERLAP_SCENARIOS",
    "OVERLAP_PROMETHEUS_URL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SDK_DISABLED",
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_PROPAGATORS",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "OTEL_SEMCONV_STABILITY_OPT_IN",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "OTEL_METRICS_EXEMPLAR_FILTER",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "OVERLAP_EXCEPTION_MESSAGES",
    "OVERLAP_REDACT_QUERY", "OVERLAP_JOURNAL_DIR", "OVERLAP_LONG_COMMANDS", "OVERLAP_RUN",
    "OVERLAP_GRAFANA_URL", "OVERLAP_LOKI_URL", "OVERLAP_PAGE_URL", "OVERLAP_TRACES_PUBLIC_URL",
    "OVERLAP_START_HINT", "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_CONFIG_FILE", "OTEL_PYTHON_ID_GENERATOR", "OTEL_PYTHON_LOGGER_CONFIGURATOR",
    "OTEL_PYTHON_METER_CONFIGURATOR", "OTEL_PYTHON_TRACER_CONFIGURATOR",
    "OVERLAP_CAPACITY_METRICS", "OVERLAP_SERVER_TIMING", "OVERLAP_RECORDER_DIR",
    "OVERLAP_RECORDER_MB", "OVERLAP_RECORDER_SLOW_MS", "OVERLAP_SOURCE_DIR",
    "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
)  # fmt: skip
_GOOD = (
    "", "1", "0.5", "http://127.0.0.1:9", "a=b,c=d", "json", "always_on", "none", "abc", "-1",
    "1e9999", "nan", "inf", "99999999999999999999", "http://[::1", "gzip", "cumulative",
)  # fmt: skip


def seeds() -> list[bytes]:
    each = [{name: "1"} for name in VARIABLES]
    every = [dict.fromkeys(VARIABLES, value) for value in _GOOD]
    return [json.dumps(pairs).encode() for pairs in (*every, *each)]


@cache
def _sink() -> str:
    """Return the URL of a backend that accepts everything: a failing one makes each end slow."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def check(data: bytes) -> None:
    try:
        asked = json.loads(data)
        pairs = {
            str(key).encode("utf-8", "replace").decode(): str(value)
            .encode("utf-8", "replace")
            .decode()
            for key, value in asked.items()
            if key in VARIABLES and "\0" not in str(value)
        }
    except (ValueError, AttributeError, RecursionError):
        return
    pairs.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", _sink())
    with (
        tempfile.TemporaryDirectory() as folder,
        _environment(pairs | _within(folder, pairs)),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        _start_and_stop()
        # Read once in the life of a process.
        assert _from_environment().text("http://h/?a=b")
        try:
            config.load(environ=pairs)
        except OverlapError as error:
            assert_printable(str(error))


def _within(folder: str, pairs: dict[str, str]) -> dict[str, str]:
    """Return the folders that are written to: wherever the input has them, in one of this run."""
    return {
        name: f"{folder}/{pairs[name].replace('..', '')}"
        for name in ("OVERLAP_JOURNAL_DIR", "OVERLAP_RECORDER_DIR")
        if pairs.get(name)
    }


def _start_and_stop() -> None:
    from opentelemetry import trace

    import overlap
    from overlap.testing.telemetry import _set_globals

    logging.disable()
    try:
        overlap.instrument(service_name="fuzz")
        with trace.get_tracer("fuzz").start_as_current_span("work") as span:
            span.set_attribute("k", "v" * 20)
    finally:
        overlap.shutdown()
        _set_globals(None, None)
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _environment(pairs: dict[str, str]):
    before = {name: os.environ.pop(name, None) for name in VARIABLES}
    os.environ.update(pairs)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
