"""One page, two sources: what pocket received, and what `overlap page` reads of a backend."""

import os
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass

import httpx
import pytest

from overlap.backend import Backend
from overlap.page.mirror import Mirror
from overlap.pocket.storage.store import Store

SOURCES = ("pocket", "page")


@dataclass
class Page:
    """A running `overlap page`."""

    page: str
    process: subprocess.Popen[str]

    def stop(self):
        """Interrupt it; return its status and what it printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=15)
        return self.process.returncode, output


def start_page(folder, traces_url, *options, **environ):
    """Start `overlap page` over a backend."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OVERLAP_", "OTEL_"))}
    command = [sys.executable, "-m", "overlap", "page", "--port=0", f"--traces-url={traces_url}"]
    process = subprocess.Popen(
        [*command, *options], cwd=folder, env=clean | environ,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines = [process.stdout.readline() for _ in range(3)]
    found = re.search(r"page +(http://\S+)", "".join(lines))
    if not found:
        process.kill()
        pytest.fail(f"it did not start: {lines} {process.communicate()[0]}")
    return Page(found[1], process)


@pytest.fixture(scope="session")
def over_pocket(pocket, app, tmp_path_factory):
    """`overlap page` over pocket's traces, which it reads through Jaeger's API."""
    folder = tmp_path_factory.mktemp("page")
    scenarios = "from overlap.scenario import Expectation, Request, Scenario\n"
    scenarios += (
        'SCENARIOS = [Scenario(name="first", title="The first", why="One await.",'
        ' requests=(Request("/first/"),), expect=Expectation(shapes=frozenset({"single"})),'
        " within=20)]\n"
    )
    (folder / "page_scenarios.py").write_text(scenarios)
    running = start_page(
        folder,
        pocket.page,
        f"--app-url=http://127.0.0.1:{app.server_port}",
        OVERLAP_SCENARIOS="page_scenarios:SCENARIOS",
        OTEL_EXPORTER_OTLP_ENDPOINT=pocket.otlp,
        OVERLAP_TRACES_PUBLIC_URL="http://127.0.0.1:16686",
        OVERLAP_GRAFANA_URL="http://127.0.0.1:3000",
    )
    yield running
    status, output = running.stop()
    assert status == 0, output
    assert "Traceback" not in output


@pytest.fixture(scope="session", params=SOURCES)
def url(request, pocket):
    """The pages over each source."""
    return pocket.page if request.param == "pocket" else request.getfixturevalue("over_pocket").page


@pytest.fixture(scope="session")
def sent(pocket, helpers):
    """The ids of two serial requests that pocket has received."""
    ids = []
    for _ in range(2):
        trace_id, root, now = secrets.token_hex(16), secrets.token_hex(8), time.time_ns()
        steps = [
            helpers.span(
                name, traceId=trace_id, parentSpanId=root,
                startTimeUnixNano=str(now - (400 - at) * 10**6),
                endTimeUnixNano=str(now - (210 - at) * 10**6),
            )
            for name, at in (("chop", 5), ("fry", 200))
        ]  # fmt: skip
        request = helpers.span(
            "GET /stew/", traceId=trace_id, spanId=root, kind=2,
            startTimeUnixNano=str(now - 400 * 10**6), endTimeUnixNano=str(now),
        )  # fmt: skip
        pocket.send(request, *steps, service="stove")
        ids.append(trace_id)
    return ids


def test_a_trace_has_its_verdict_and_critical_path(url, sent):
    """Shape, advice and self-times, at once: it is asked for by its id."""
    text = httpx.get(f"{url}/trace/{sent[0]}").text
    for expected in ("shape-serial", "Critical path", "chop", "fry", "What to change"):
        assert expected in text


def test_a_trace_is_found_by_a_short_id_and_an_unknown_one_is_not(url, sent):
    """As in pocket: 404 with a sentence."""
    assert httpx.get(f"{url}/trace/{sent[0].upper()}").status_code == 200
    assert httpx.get(f"{url}/trace/{secrets.token_hex(16)}").status_code == 404
    assert httpx.get(f"{url}/trace/nothing").status_code == 404


def test_two_traces_are_compared(url, sent):
    """By their ids."""
    answer = httpx.get(f"{url}/compare/{sent[0]}/{sent[1]}")
    assert answer.status_code == 200
    assert "What is different in B" in answer.text


def test_the_list_and_routes_have_it(url, sent, helpers):
    """A moment later, with the shape, and filtered by the route."""
    helpers.until(lambda: "GET /stew/" in httpx.get(f"{url}/routes").text, 30)

    def are_listed():
        text = httpx.get(f"{url}/traces", params={"route": "GET /stew/", "shape": "serial"}).text
        return all(f"/trace/{trace_id}" in text for trace_id in sent)

    helpers.until(are_listed, 30)  # the two may be surveyed in two batches


def test_a_scenario_is_played(url, helpers):
    """And judged by its trace, wherever that is kept."""
    helpers.until(lambda: 'action="/lessons/first/play"' in httpx.get(f"{url}/").text, 20)
    assert httpx.post(f"{url}/lessons/first/play").status_code == 303
    helpers.until(lambda: "As expected" in httpx.get(f"{url}/lessons/first").text, 40)


def test_a_foreign_host_and_a_foreign_form_are_refused(url):
    """The rules of access are those of pocket."""
    assert httpx.get(f"{url}/", headers={"host": "evil.example"}).status_code == 421
    headers = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    assert httpx.post(f"{url}/lessons/first/play", headers=headers).status_code == 403
    policy = httpx.get(f"{url}/").headers["content-security-policy"]
    assert "default-src 'none'" in policy


def test_a_page_shows_nothing_severe_in_the_browser(url, sent, browser):
    """No blocked style, no failed request."""
    for path in ("/", "/traces", "/routes", f"/trace/{sent[0]}", "/ledger"):
        browser.get(f"{url}{path}")
    assert [row for row in browser.get_log("browser") if row["level"] == "SEVERE"] == []


def test_the_page_over_a_backend_leads_to_it_and_to_grafana(over_pocket, sent, helpers):
    """On every page, and on a trace's to the same trace."""
    text = httpx.get(f"{over_pocket.page}/trace/{sent[0]}").text
    assert f'href="http://127.0.0.1:16686/trace/{sent[0]}"' in text
    assert 'href="http://127.0.0.1:16686/search"' in text
    assert 'href="http://127.0.0.1:3000/d/overlap-glance"' in text
    assert 'href="/metrics"' not in text
    httpx.post(f"{over_pocket.page}/lessons/first/play")
    lesson = helpers.until(
        lambda: re.search(
            r'href="(/trace/\w+)"', httpx.get(f"{over_pocket.page}/lessons/first").text
        ),
        40,
    )
    assert "var-lesson=first" in httpx.get(f"{over_pocket.page}{lesson[1]}").text


def test_a_backend_that_is_down_is_reported(tmp_path, free_port, helpers):
    """On the page, which answers; scenarios can't be played where no app answers."""
    running = start_page(
        tmp_path, f"http://127.0.0.1:{free_port}", f"--app-url=http://127.0.0.1:{free_port}"
    )
    text = helpers.until(
        lambda: (
            "Traces may be missing" in (page := httpx.get(f"{running.page}/traces").text) and page
        )
    )
    assert f"no trace backend answers at http://127.0.0.1:{free_port}" in text
    assert httpx.get(f"{running.page}/trace/{secrets.token_hex(16)}").status_code == 404
    status, output = running.stop()
    assert status == 0, output
    assert "Traceback" not in output


@pytest.fixture
def free_port():
    """A port where nobody listens."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def backend(answers):
    """A backend whose answers are these, by path; and what it was asked for."""
    asked = []

    def answer(request):
        asked.append(request.url)
        found = answers.get(request.url.path)
        return httpx.Response(200, content=found) if found else httpx.Response(404)

    return Backend("http://backend", transport=httpx.MockTransport(answer)), asked


def answer_of(helpers, *spans):
    """Jaeger's answer: OTLP JSON below `result`."""
    return f'{{"result": {helpers.as_json(helpers.request(*spans))}}}'


async def mirrored(answers, times=1):
    """The store after reading what is new so many times."""
    store = Store()
    reader, asked = backend(answers)
    async with reader:
        mirror = Mirror(reader, store, changed=lambda: None)
        for _ in range(times):
            await mirror.read_new()
    return store, asked


def run(work):
    import asyncio

    return asyncio.run(work)


def test_a_span_is_added_once(helpers):
    """Each reading overlaps the one before."""
    span = helpers.span()
    answers = {
        "/api/v3/services": b'{"services": ["shop"]}',
        "/api/v3/traces": answer_of(helpers, span),
    }
    store, asked = run(mirrored(answers, times=3))
    assert (len(store), store.spans) == (1, 1)
    searches = [url for url in asked if url.path == "/api/v3/traces"]
    assert len(searches) == 3
    first, later = (each.params["query.startTimeMin"] for each in searches[:2])
    assert first < later


def test_an_answer_of_several_documents_is_read_whole(helpers):
    """Jaeger streams long answers so; what is no OTLP is left out."""
    parts = [answer_of(helpers, helpers.span()) for _ in range(2)]
    answers = {
        "/api/v3/services": b'{"services": ["shop"]}',
        "/api/v3/traces": "\n".join([parts[0], '{"result": {"resourceSpans": 7}}', parts[1]]),
    }
    store, _ = run(mirrored(answers))
    assert len(store) == 2


def test_an_old_trace_arrived_when_it_ended(helpers):
    """It is complete, so it is surveyed at once."""
    old = time.time_ns() - 1800 * 10**9
    span = helpers.span(startTimeUnixNano=str(old), endTimeUnixNano=str(old + 10**9))
    answers = {
        "/api/v3/services": b'{"services": ["shop"]}',
        "/api/v3/traces": answer_of(helpers, span),
    }
    store, _ = run(mirrored(answers))
    (stored,) = store.newest_first()
    assert stored.arrived == pytest.approx(old / 1e9 + 1, abs=0.01)
