"""What is measured of a process, in seconds, and the traces that exemplars lead to."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def block(serve, sink, wait_until):
    """A server whose loop stood for a second while two requests waited; the block's span."""
    server = serve()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(server.get, "/wait/?s=2.5") for _ in "ab"]
        wait_until(
            lambda: 2 in {p.as_int for _, p in sink.points("http.server.active_requests")},
            "two requests in flight",
        )
        server.get("/burn/?s=1")
        assert all(each.result().status_code == 200 for each in waiting)
    return wait_until(lambda: next(iter(overcooked(sink)), None), "the block")


def overcooked(sink):
    """The blocks by the line that sleeps: on a busy machine there may be others."""
    blocks = sink.named("event_loop.blocked")
    return [each for each in blocks if each.attributes.get("code.function.name") == "overcook"]


def ids(*spans):
    return {(span.trace_id, span.span_id) for span in spans}


def test_a_request_is_measured_in_seconds_and_its_example_is_its_span(serve, sink, wait_until):
    """By the shorter way too, which is taken from the second request of a kind on."""
    server = serve()
    for _ in "abc":
        server.get("/meats/7/")
        wait_until(lambda: len(sink.exemplars("http.server.request.duration")) > 0)
    wait_until(lambda: len(sink.named("GET /meats/<int:pk>/")) == 3)
    name = "http.server.request.duration"
    wait_until(lambda: {p.count for _, p in sink.points(name)} == {3})
    ((attributes, point),) = sink.points(name)
    assert attributes["http.route"] == "/meats/<int:pk>/"
    assert attributes["http.response.status_code"] == 200
    assert point.sum < 10
    assert list(point.explicit_bounds)[:3] == [0.005, 0.01, 0.025]
    assert sink.exemplars(name).keys() <= ids(*sink.named("GET /meats/<int:pk>/"))
    assert len(sink.exemplars(name)) > 1  # not of the first alone


def test_a_call_out_is_measured_in_seconds_and_its_example_is_its_span(serve, sink, wait_until):
    """http.client.request.duration, by address and status."""
    serve().get("/upstream/")
    name = "http.client.request.duration"
    ((attributes, point),) = wait_until(lambda: sink.points(name))
    assert (attributes["http.request.method"], attributes["http.response.status_code"]) == (
        "GET",
        200,
    )
    assert 0 < point.sum < 10
    assert sink.exemplars(name).keys() == ids(sink.one("GET"))
    assert sink.units()[name] == sink.units()["http.server.request.duration"] == "s"


def test_a_call_that_is_not_answered_is_measured_too(serve, sink, wait_until):
    """By what went wrong; its examples are the calls' spans, as those of the others."""
    assert serve().get("/upstream/gone/").text == "ConnectError,ReadTimeout"
    name = "http.client.request.duration"
    wait_until(lambda: len(sink.points(name)) == 2)
    found = {a["error.type"]: (a, p) for a, p in sink.points(name)}
    assert found.keys() == {"ConnectError", "ReadTimeout"}
    attributes, point = found["ReadTimeout"]
    assert attributes["server.address"] == "127.0.0.1"
    assert point.sum >= 0.05
    wait_until(lambda: len(sink.named("GET")) == 2)
    assert sink.exemplars(name).keys() == ids(*sink.named("GET"))


def test_a_block_is_counted_by_its_line(block, sink, wait_until):
    """overlap.event_loop.blocked.time, with the culprit's file, line and function."""
    name = "overlap.event_loop.blocked.time"
    code = {
        key: block.attributes[key]
        for key in ("code.file.path", "code.line.number", "code.function.name")
    }
    (point,) = wait_until(lambda: [p for a, p in sink.points(name) if a == code])
    assert point.as_double == pytest.approx(block.ms / 1000, abs=0.01)
    assert ids(block) <= sink.exemplars(name).keys() <= ids(*sink.named(block.name))


def test_each_victim_is_measured(block, sink, wait_until):
    """overlap.event_loop.victim.delay: one a request, and the example is that request."""
    name = "overlap.event_loop.victim.delay"
    wait_until(lambda: sink.points(name) and sink.points(name)[0][1].count >= 2)
    ((attributes, point),) = sink.points(name)
    assert attributes == {}
    assert point.sum > 0.6
    wait_until(lambda: len(sink.named("GET /wait/")) == 2)
    assert sink.exemplars(name).keys() & ids(*sink.named("GET /wait/"))
    assert sink.exemplars(name).keys() <= ids(*sink.spans)


def test_a_loop_that_stood_is_that_late(block, sink, wait_until):
    """The lag of the beat that had to wait is the block's, and its example leads to the block."""
    name = "overlap.event_loop.lag"
    wait_until(lambda: ids(block) <= sink.exemplars(name).keys(), "the block's example")
    late = sink.exemplars(name)[block.trace_id, block.span_id]
    assert 0.8 * block.ms / 1000 < late < block.ms / 1000 + 2
    # The other beats are nobody's.
    assert sink.exemplars(name).keys() <= ids(*sink.named(block.name))


def test_background_tasks_are_counted_by_name_and_end(serve, sink, wait_until):
    """Started, running, ended; the examples are the tasks' own spans."""
    server = serve(env={"OVERLAP_DRAIN_TIMEOUT_S": "0.3"})
    for kind in ("short", "failing", "short", "long", "stubborn"):
        server.get(f"/spawn/?kind={kind}")
    wait_until(lambda: len(sink.named("short")) == 2)
    wait_until(lambda: by_name(sink, "started")["short"] == 2)
    assert by_name(sink, "running")["long"] == 1
    server.stop(signal.SIGTERM)
    started = by_name(sink, "started")
    assert started == {"short": 2, "failing": 1, "long": 1, "stubborn": 1}
    assert {
        (a["overlap.task.name"], a["overlap.task.end"]): p.as_int
        for a, p in sink.points("overlap.background.ended")
    } == {
        ("short", "done"): 2,
        ("failing", "failed"): 1,
        ("long", "cancelled"): 1,
        ("stubborn", "lost"): 1,
    }
    assert set(by_name(sink, "running").values()) == {0}
    tasks = [span for span in sink.spans if "overlap.task.end" in span.attributes]
    assert sink.exemplars("overlap.background.ended").keys() <= ids(*tasks)
    assert len(sink.exemplars("overlap.background.ended")) >= 4


def by_name(sink, which):
    return {
        attributes["overlap.task.name"]: point.as_int
        for attributes, point in sink.points(f"overlap.background.{which}")
    }


def test_a_process_counts_its_threads_and_its_requests(serve, sink, wait_until):
    """overlap.threads and http.server.active_requests are there from the start."""
    serve().get("/")
    assert wait_until(lambda: sink.points("overlap.threads"))[0][1].as_int > 1
    assert wait_until(lambda: sink.points("http.server.active_requests"))


def test_a_fork_is_told_apart_from_its_parent(own_sink, run):
    """What a forked process sends says so: its own service.instance.id, its own process.pid."""
    run(
        """
        import os, signal, overlap
        from opentelemetry import metrics, trace
        overlap.instrument(service_name="family")
        def speak(who):
            trace.get_tracer("t").start_span(who).end()
            metrics.get_meter("t").create_counter("spoken." + who).add(1)
            from overlap.instrument.setup import _active
            _active.telemetry.flush()
        speak("parent")
        child = fork()
        if not child:
            signal.alarm(30)
            speak("child")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """,
        own_sink.url,
        # A thread that is just sending when the process forks takes its locks with it.
        OTEL_METRIC_EXPORT_INTERVAL="60000",
        OTEL_BSP_SCHEDULE_DELAY="60000",
        OTEL_BLRP_SCHEDULE_DELAY="60000",
    )
    parent, child = own_sink.one("parent").resource, own_sink.one("child").resource
    for key in ("service.instance.id", "process.pid"):
        assert parent[key] != child[key]
    assert own_sink.senders("spoken.child")[0] == child
    assert own_sink.senders("spoken.parent")[-1] == parent


def test_a_fork_while_metrics_are_sent_waits_for_nobody(own_sink, run):
    """The thread that was sending is the parent's; its lock must not be the child's."""
    own_sink.hang.set()
    run(
        """
        import os, threading, time, overlap
        overlap.instrument(service_name="family")
        from overlap.instrument.setup import _active
        from overlap.telemetry.project_exporters import _parts
        (reader,) = _parts(_active.telemetry.meter_provider)
        threading.Thread(target=reader.force_flush, daemon=True).start()
        deadline = time.monotonic() + 30
        while not reader._export_lock.locked():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child = fork()
        if not child:
            os._exit(0 if reader._export_lock.acquire(timeout=5) else 1)
        assert os.waitpid(child, 0)[1] == 0
        os._exit(0)
        """,
        own_sink.url,
        OTEL_METRIC_EXPORT_INTERVAL="60000",  # in the child, too, nothing sends by itself
    )
