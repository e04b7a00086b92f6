"""`/api/v3/trace-summaries`, as Jaeger answers it since 2.20."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx
import pytest


@pytest.fixture
def ask(pocket):
    """Search by service; other parameters as they are given."""

    def ask(service, **params):
        now = datetime.now(UTC)
        times = {
            "query.startTimeMin": (now - timedelta(hours=1)).isoformat(),
            "query.startTimeMax": (now + timedelta(hours=1)).isoformat(),
        }
        return httpx.get(
            f"{pocket.page}/api/v3/trace-summaries",
            params={"query.serviceName": service, **times, **params},
        )

    return ask


def test_a_trace_is_summed_up(pocket, helpers, ask):
    """Root, time, spans, errors and orphans; services sorted; what is 0 is left out."""
    service, trace_id, root = secrets.token_hex(4), secrets.token_hex(16), secrets.token_hex(8)
    pocket.send(
        helpers.span("GET /", traceId=trace_id, spanId=root, startTimeUnixNano="1000",
                     endTimeUnixNano="9000"),
        helpers.span("failed", traceId=trace_id, parentSpanId=root, status={"code": 2},
                     startTimeUnixNano="2000", endTimeUnixNano="9500"),
        helpers.span("orphan", traceId=trace_id, parentSpanId="a" * 16,
                     startTimeUnixNano="3000", endTimeUnixNano="4000"),
        service=service,
    )  # fmt: skip
    pocket.send(
        helpers.span("SELECT", traceId=trace_id, parentSpanId=root, startTimeUnixNano="2500",
                     endTimeUnixNano="2600"),
        service="a-database",
    )  # fmt: skip
    times = {"query.startTimeMin": "1970-01-01T00:00:00Z"}
    answer = ask(service, **times)
    assert answer.status_code == 200
    assert answer.json() == {
        "summaries": [
            {
                "traceId": trace_id,
                "rootServiceName": service,
                "rootOperationName": "GET /",
                "minStartTimeUnixNano": "1000",
                "maxEndTimeUnixNano": "9500",
                "spanCount": 4,
                "errorSpanCount": 1,
                "orphanSpanCount": 1,
                "services": sorted(
                    [
                        {"name": "a-database", "spanCount": 1},
                        {"name": service, "spanCount": 3, "errorSpanCount": 1},
                    ],
                    key=lambda row: row["name"],
                ),
            }
        ]
    }


def test_no_trace_is_an_empty_answer(ask):
    """Not 404, as for whole traces."""
    answer = ask("nobody")
    assert (answer.status_code, answer.json()) == (200, {})


def test_a_parameter_that_can_not_be_read_is_jaegers_sentence(ask):
    """As for whole traces."""
    answer = ask("nobody", **{"query.searchDepth": "many"})
    assert answer.status_code == 400
    assert "malformed parameter query.searchDepth" in answer.json()["error"]["message"]
