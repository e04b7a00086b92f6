"""The metrics that the dashboards read, by their names in Prometheus.

Prometheus derives its names from OpenTelemetry's: dots become underscores, the unit follows, and a
counter ends in `_total`. Every query is made of these names; a test checks that.
"""

from __future__ import annotations

from overlap import names


def label(name: str) -> str:
    """Return an attribute's name as Prometheus and Loki write it."""
    return name.replace(".", "_")


def _seconds(name: str) -> str:
    return f"{label(name)}_seconds"


# --- the instrument's -----------------------------------------------------------
LAG = _seconds(names.METRIC_LOOP_LAG)
UTILIZATION = f"{label(names.METRIC_LOOP_UTILIZATION)}_ratio"
"""A gauge with the unit 1 is a ratio."""
LOOP_TIME = f"{_seconds(names.METRIC_LOOP_TIME)}_total"
POOL_WAITING = label(names.METRIC_POOL_WAITING)
POOL_IN_USE = label(names.METRIC_POOL_IN_USE)
POOL_SIZE = label(names.METRIC_POOL_SIZE)
CONNECTIONS = label(names.METRIC_CONNECTIONS)
CONNECTIONS_PENDING = label(names.METRIC_CONNECTIONS_PENDING)
HTTP_CONNECTIONS = label(names.METRIC_HTTP_CONNECTIONS)
HTTP_PENDING = label(names.METRIC_HTTP_PENDING)
BLOCKED = f"{_seconds(names.METRIC_LOOP_BLOCKED)}_total"
VICTIM_DELAY = _seconds(names.METRIC_VICTIM_DELAY)
STARTED = f"{label(names.METRIC_TASKS_STARTED)}_total"
ENDED = f"{label(names.METRIC_TASKS_ENDED)}_total"
RUNNING = label(names.METRIC_TASKS_RUNNING)
THREADS = label(names.METRIC_THREADS)
DROPPED = f"{label(names.METRIC_DROPPED)}_total"

# --- OpenTelemetry's conventions --------------------------------------------------
SERVED = "http_server_request_duration_seconds"
IN_FLIGHT = "http_server_active_requests"
CALLED = "http_client_request_duration_seconds"

# --- the collector's connectors ---------------------------------------------------
SPANS = "traces_span_metrics_calls_total"
SPAN_TIME = "traces_span_metrics_duration_milliseconds"
EDGES = "traces_service_graph_request_total"
EDGE_ERRORS = "traces_service_graph_request_failed_total"

# --- the servers' own metrics --------------------------------------------
UP = "up"
"""Whether the collector could read a server's metrics."""
RECEIVED = "otelcol_receiver_accepted_{items}_total"
REFUSED = "otelcol_receiver_refused_{items}_total"
SENT = "otelcol_exporter_sent_{items}_total"
NOT_SENT = "otelcol_exporter_send_failed_{items}_total"
NOT_QUEUED = "otelcol_exporter_enqueue_failed_{items}_total"
QUEUED = "otelcol_exporter_queue_size"
QUEUE_ROOM = "otelcol_exporter_queue_capacity"
MEMORY = (
    "process_resident_memory_bytes",
    "otelcol_process_memory_rss",
    "otelcol_process_memory_rss_bytes",
)
"""The names in Prometheus and Loki, in the collector, and in Jaeger's older collector."""
JAEGER_SPANS = "otelcol_receiver_accepted_spans_total"
PROMETHEUS_SAMPLES = "prometheus_tsdb_head_samples_appended_total"
PROMETHEUS_SERIES = "prometheus_tsdb_head_series"
PROMETHEUS_EXEMPLARS = "prometheus_tsdb_exemplar_exemplars_appended_total"
LOKI_LINES = "loki_distributor_lines_received_total"
LOKI_DISCARDED = "loki_discarded_samples_total"

ITEMS = {"traces": "spans", "metrics": "metric_points", "logs": "log_records"}
"""What the collector counts for each signal."""
