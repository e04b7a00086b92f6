"""Beyond one machine: nothing is lost with what is killed, and what is interesting is kept whole.

It is the proof of docs/how-to/production.md.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time

import httpx
import pytest

from otel.native.scale.load import send
from otel.native.scale.places import APPS, GATEWAYS, SAMPLERS
from otel.native.scale.proof import DECISION_WAIT_S, SECOND_DECISION_WAIT_S, Plan, prove

SECONDS, RATE = 12, 15


def doctor(scale, otlp):
    """Run `overlap doctor` along the whole pipeline; return its findings by hop."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "overlap", "doctor", "--json", "--timeout", "180"),
            *("--stored-within", str(DECISION_WAIT_S * 4)),
        ],
        env=os.environ
        | {
            "OVERLAP_APP_URL": scale.url("proxy"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OVERLAP_TRACES_URL": scale.url("jaeger"),
            "OVERLAP_PROMETHEUS_URL": scale.url("prometheus"),
            "OVERLAP_LOKI_URL": "none",
            "OVERLAP_GRAFANA_URL": "none",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    return {each["hop"]: each for each in found["hops"]}


def span(trace_id, name, **attributes):
    """Send one span to the gateways."""
    now = time.time_ns()
    one = {
        "traceId": trace_id, "spanId": secrets.token_hex(8), "name": name, "kind": 1,
        "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
    }  # fmt: skip
    return {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}


@pytest.fixture(scope="session")
def dropped(scale):
    """Traces of one dull span, which the samplers drop; all but about one in a hundred of them."""
    traces = [secrets.token_hex(16) for _ in range(3)]
    for trace_id in traces:
        body = span(trace_id, "dull")
        post(scale, body)
    return traces, time.monotonic() + SECOND_DECISION_WAIT_S + 10


@pytest.fixture(scope="session")
def proof(scale, dropped):
    """The load of `python -m otel.native scale --load`, shorter."""
    found = asyncio.run(prove(scale, Plan(SECONDS, RATE), print))
    print(*found.lines(), sep="\n")
    return found


def test_the_doctor_walks_it_gateway_by_gateway(scale):
    """Both gateways, the app behind the proxy, and its trace, which the samplers keep."""
    found = doctor(scale, ",".join(scale.url(name) for name in GATEWAYS))
    for hop in ("app", "collector", "traces", "sdk", "metrics"):
        assert found[hop]["state"] == "ok", found
    scale.stop(GATEWAYS[1])
    try:
        found = doctor(scale, ",".join(scale.url(name) for name in GATEWAYS))
    finally:
        scale.start(GATEWAYS[1])
        scale.wait(GATEWAYS[1])
    assert found["collector"]["state"] == "broken"
    assert "1 of 2 gateways" in found["collector"]["seen"]
    assert "first tier" in found["collector"]["do"]


def test_the_hosts_of_the_app_are_told_apart(scale):
    """By service.instance.id and host.name: of traces, and of metrics."""
    answer = httpx.get(
        scale.url("prometheus") + "/api/v1/query",
        params={"query": 'target_info{service_name="smokehouse"} or target_info{job="smokehouse"}'},
        trust_env=False,
    ).json()["data"]["result"]
    hosts = {each["metric"].get("host_name") for each in answer}
    instances = {each["metric"]["instance"] for each in answer}
    assert hosts == set(APPS)
    assert len(instances) >= len(APPS)


def test_every_request_is_answered(proof):
    """While a sampler, Kafka and a gateway are killed, and the apps are restarted in turn."""
    assert proof.outcome.sent == 5 * SECONDS * RATE
    assert proof.outcome.unanswered == []


def test_nothing_is_lost_on_the_way_in(proof):
    """Each request's trace came to a gateway, and from there to whoever reads everything."""
    assert proof.outcome.missing == []


def test_what_is_interesting_is_kept_whole(proof):
    """Each trace that blocked, failed, lost a task, was slow or a victim has all its spans."""
    assert {"blocked", "victim", "error"} <= set(proof.outcome.wanted)
    assert proof.outcome.not_kept == []
    assert proof.outcome.missing_spans == []


def test_the_rest_is_sampled(proof):
    """One in a hundred, within what chance allows."""
    assert proof.outcome.rest > 300
    assert proof.outcome.rest_kept < proof.outcome.rest * 0.1


def test_rates_are_those_of_the_load(proof):
    """The span metrics of both gateways add up to the requests that were sent."""
    assert proof.counted == SECONDS * RATE


def test_a_task_that_is_reported_late_is_kept(scale, dropped, proof):
    """Its trace was dropped minutes ago, and stays so; the report is stored all the same."""
    traces, by_then = dropped
    time.sleep(max(0.0, by_then - time.monotonic()))  # as a rule the proof took longer
    for trace_id in traces:
        late = span(trace_id, "task.dropped", **{"overlap.task.end": "lost"})
        post(scale, late)
    deadline = time.monotonic() + 60
    while True:
        stored = [stored_names(scale, trace_id) for trace_id in traces]
        if all("task.dropped" in each for each in stored) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert all("task.dropped" in each for each in stored), stored
    assert ["task.dropped"] in stored


def test_a_trace_that_is_cut_in_two_by_kafkas_absence_is_kept_whole(scale, proof):
    """The first group has dropped its dull half by then; the second one waits for the other."""
    trace_id = secrets.token_hex(16)
    received, decided = "new_trace_id_received", "global_count_traces_sampled"
    before = [counted(scale, name, received) for name in SAMPLERS]
    already = counted(scale, SAMPLERS[0], decided)
    post(scale, span(trace_id, "first half"))
    for name, count in zip(SAMPLERS, before, strict=True):
        until(lambda name=name, count=count: counted(scale, name, received) > count, 60)
    scale.stop("kafka", signal.SIGKILL)
    try:
        post(scale, span(trace_id, "second half", **{"overlap.scenario": "cut"}))
        until(lambda: counted(scale, SAMPLERS[0], decided) > already, DECISION_WAIT_S + 30)
    finally:
        scale.start("kafka")
        scale.wait("kafka")
    whole = ["first half", "second half"]
    until(lambda: stored_names(scale, trace_id) == whole, SECOND_DECISION_WAIT_S + 60)


def counted(scale, sampler, name):
    """The sum of a metric of the sampler's tail sampling."""
    text = httpx.get(scale.url(f"{sampler}_metrics") + "/metrics", trust_env=False).text
    start = f"otelcol_processor_tail_sampling_{name}"
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(start))


def post(scale, body):
    httpx.post(scale.url("otlp") + "/v1/traces", json=body, trust_env=False).raise_for_status()


def until(true, within_s):
    """Wait until it is true, asking twice a second; fail after so long."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def stored_names(scale, trace_id):
    answer = httpx.get(scale.url("jaeger") + f"/api/v3/traces/{trace_id}", trust_env=False)
    if answer.status_code == 404:
        return []
    found = answer.json()["result"]["resourceSpans"]
    return sorted(s["name"] for r in found for c in r["scopeSpans"] for s in c["spans"])


def test_without_the_policy_a_victim_is_not_kept(scale, tmp_path):
    """The proof by mutation: a sampler that does not ask for victims drops them."""
    from otel.native.scale.load import check
    from otel.native.scale.places import FILES

    text = (FILES / "sampler.yaml").read_text(encoding="utf-8")
    begin, end = text.index("      - name: victims"), text.index("      - name: lost")
    (tmp_path / "sampler.yaml").write_text(text[:begin] + text[end:], encoding="utf-8")
    command = scale.command
    try:
        scale.command = lambda name: [
            str(tmp_path / "sampler.yaml") if part.endswith("/sampler.yaml") else part
            for part in command(name)
        ]
        for name in SAMPLERS:
            scale.stop(name)
            scale.start(name)
        scale.wait(*SAMPLERS)
        mix = {"/": 0.9, "/burn_some_meats/": 0.1}
        sent = asyncio.run(send(scale.url("proxy"), 8, RATE, mix))

        async def outcome():
            await asyncio.sleep(DECISION_WAIT_S * 3)
            return await check(sent, scale.url("everything"), scale.url("jaeger"))

        found = asyncio.run(outcome())
    finally:
        scale.command = command
    assert found.wanted["victim"] > 0
    assert any(why.startswith("victim") for _, why in found.not_kept)
    assert not any(why.startswith("blocked") for _, why in found.not_kept)
