"""Sends a verdict as a log record, so that scenarios can be found by shape in Loki and Grafana.

A span can't carry it: a scenario is judged only after its spans have ended. So a log record in
the scenario's trace follows, through the same telemetry pipeline.
"""

from __future__ import annotations

import time
from contextlib import suppress

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from overlap import names
from overlap.judge.summary import sentence
from overlap.play.result import Result
from overlap.play.timeline import SERVICE
from overlap.trace import Trace

TIMEOUT_S = 3.0


async def send_verdict(result: Result, root_id: str, otlp_endpoint: str) -> None:
    """Send a scenario's verdict as a log record of the span `root_id`.

    A failure is ignored: it costs a line in a dashboard, and the caller has the result.
    """
    message = ExportLogsServiceRequest(resource_logs=[_from_play(_record(result, root_id))])
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(
            timeout=TIMEOUT_S, trust_env=False, verify=otlp_endpoint.startswith("https:")
        ) as client:
            await client.post(
                f"{otlp_endpoint}/v1/logs",
                content=message.SerializeToString(),
                headers={"content-type": "application/x-protobuf"},
            )


def _record(result: Result, root_id: str) -> LogRecord:
    now, ok = time.time_ns(), result.ok
    attributes: dict[str, str | bool | float] = {
        names.SCENARIO_NAME: result.scenario.name,
        names.SHAPES: ", ".join(result.verdict.shapes),
        names.SCENARIO_OK: ok,
        names.SCENARIO_ANSWERED_MS: _slowest_ms(result.trace, root_id, neighbours=False),
    }
    if any(request.neighbour for request in result.scenario.requests):
        attributes[names.SCENARIO_NEIGHBOURS_MS] = _slowest_ms(
            result.trace, root_id, neighbours=True
        )
    if result.problems:
        attributes[names.SCENARIO_PROBLEMS] = "; ".join(result.problems)
    return LogRecord(
        time_unix_nano=now,
        observed_time_unix_nano=now,
        severity_number=SeverityNumber.Value(f"SEVERITY_NUMBER_{'INFO' if ok else 'WARN'}"),
        severity_text="INFO" if ok else "WARNING",
        event_name=names.EVENT_VERDICT,
        body=_value(sentence(result.verdict)),
        attributes=[KeyValue(key=key, value=_value(value)) for key, value in attributes.items()],
        trace_id=bytes.fromhex(result.trace_id),
        span_id=bytes.fromhex(root_id),
        flags=1,
    )


def _slowest_ms(trace: Trace, root_id: str, *, neighbours: bool) -> float:
    asked = (
        span.end_ns - span.start_ns
        for span in trace.spans
        if span.parent_id == root_id
        and span.end_ns
        and bool(span.attributes.get(names.NEIGHBOUR)) is neighbours
    )
    return round(max(asked, default=0) / 1e6, 3)


def _from_play(record: LogRecord) -> ResourceLogs:
    return ResourceLogs(
        resource=Resource(attributes=[KeyValue(key=names.SERVICE_NAME, value=_value(SERVICE))]),
        scope_logs=[ScopeLogs(scope=InstrumentationScope(name=SERVICE), log_records=[record])],
    )


def _value(value: str | bool | float) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)
