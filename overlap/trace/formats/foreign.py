"""Recognise documents that Overlap does not read, and say how to convert each."""

from __future__ import annotations

from overlap.trace import json_fields
from overlap.trace.formats.jaeger_json import is_elasticsearch

CHROME = (
    "it looks like Chrome's trace events (traceEvents), which have threads but no trace ids or "
    "parents: export the same run as OTLP JSON, or as JSON from Jaeger's UI"
)
X_RAY = (
    "it looks like AWS X-Ray segments: send them through the collector's awsxray receiver, and "
    "read what its file exporter writes"
)
DATADOG = (
    "it looks like Datadog's traces: send them through the collector's datadog receiver, and "
    "read what its file exporter writes"
)
ELASTICSEARCH = (
    "it looks like documents from Elasticsearch: ask Jaeger instead, with its API "
    "(/api/v3/traces/TRACE_ID) or its UI's Download Results"
)
HTML = (
    "it looks like an HTML page, perhaps a login: fetch the trace from the backend's API "
    "(Jaeger's is /api/v3/traces/TRACE_ID)"
)
_CHROME_KEYS = {"ph", "ts", "pid"}
_X_RAY_KEYS = {"in_progress", "start_time", "end_time"}
_DATADOG_KEYS = {"trace_id", "span_id", "start", "duration"}
_ELASTICSEARCH_KEYS = {"hits", "_source", "@timestamp"}


def foreign(message: object) -> str | None:
    """Return what a parsed document looks like and how to convert it; None if it is unknown."""
    if not json_fields.is_object(message):
        return None
    keys = message.keys()
    tests = (
        (CHROME, "traceEvents" in keys or keys >= _CHROME_KEYS),
        (X_RAY, any(isinstance(message.get(key), list) for key in ("Traces", "Segments"))),
        (X_RAY, "trace_id" in keys and bool(_X_RAY_KEYS & keys)),
        (DATADOG, keys >= _DATADOG_KEYS),
        (ELASTICSEARCH, bool(_ELASTICSEARCH_KEYS & keys) or is_elasticsearch(message)),
    )
    return next((sentence for sentence, found in tests if found), None)


def is_html(data: bytes) -> bool:
    """Return whether the input begins like a page or another XML document."""
    return data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
