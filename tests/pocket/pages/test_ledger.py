"""The page of background work: each task once, with its end."""

import secrets

import httpx


def attributes(**values):
    return [
        {"key": f"overlap.task.{key}", "value": {"stringValue": value}}
        for key, value in values.items()
    ]


def test_each_task_stands_there_once_with_its_end(pocket, helpers):
    """A mark without an end runs; one with an end is not told twice; a dropped task is told."""
    trace_id = secrets.token_hex(16)
    letter, report = attributes(id="1", name="letter"), attributes(id="2", name="report")
    spans = [
        helpers.span("task.started", traceId=trace_id, attributes=letter),
        helpers.span("task.started", traceId=trace_id, attributes=report),
        helpers.span(
            "report", traceId=trace_id, attributes=attributes(id="2", name="report", end="failed"),
            status={"code": 2, "message": "ValueError: no charcoal"},
        ),
        helpers.span(
            "task.dropped", traceId=trace_id, attributes=attributes(name="<b>forgotten", end="lost")
        ),
        helpers.span(
            "task.dropped", traceId=trace_id, attributes=attributes(name="smoking", end="cut")
        ),
        helpers.span("no task", traceId=trace_id),
    ]  # fmt: skip
    pocket.send(*spans)
    text = httpx.get(f"{pocket.page}/ledger/fragment").text
    rows = [row for row in text.split("<tr>")[2:] if trace_id in row]
    told = {
        name: next((row for row in rows if f"<bdi>{name}</bdi>" in row), "")
        for name in ("letter", "report", "&lt;b&gt;forgotten", "smoking")
    }
    assert len(rows) == 4
    assert "no end yet" in told["letter"]
    assert "failed: <bdi>ValueError: no charcoal</bdi>" in told["report"]
    assert "lost" in told["&lt;b&gt;forgotten"]
    assert 'class="end-cut"' in told["smoking"]
