"""The page Routes, and the list of traces with its filters: what is kept, by route and shape."""

import secrets
import time

import httpx
import pytest


def request_of(helpers, name, ms, *children, attributes=()):
    """The spans of one request, with children that run one after another, by name and length."""
    trace_id, server_id = secrets.token_hex(16), secrets.token_hex(8)
    now = time.time_ns()
    start = now - int(ms * 1e6)
    made = [
        helpers.span(
            name,
            traceId=trace_id,
            spanId=server_id,
            kind=2,
            startTimeUnixNano=str(start),
            endTimeUnixNano=str(now),
            attributes=[{"key": key, "value": {"stringValue": value}} for key, value in attributes],
        )
    ]
    at = start
    for child, length in children:
        end = at + int(length * 1e6)
        made.append(
            helpers.span(
                child,
                traceId=trace_id,
                parentSpanId=server_id,
                startTimeUnixNano=str(at),
                endTimeUnixNano=str(end),
            )
        )
        at = end
    return trace_id, made


@pytest.fixture(scope="module")
def kept(pocket, helpers):
    """A serial request of 300 ms and a single one of 20 ms, surveyed; their trace ids."""
    serial, spans = request_of(
        helpers, "GET /serial/", 300, ("first query", 140), ("second query", 140)
    )
    pocket.send(*spans, service="kitchen")
    single, spans = request_of(
        helpers, "GET /single/", 20, attributes=[("smokehouse.meat", "bison <b>sirloin</b>")]
    )
    pocket.send(*spans, service="counter")
    helpers.until(lambda: "GET /single/" in httpx.get(f"{pocket.page}/routes").text)
    return {"serial": serial, "single": single}


def listed(pocket, **asked):
    """The ids of the traces that are listed."""
    text = httpx.get(f"{pocket.page}/traces", params=asked).text
    return {part.partition('"')[0] for part in text.split('href="/trace/')[1:]}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"route": "GET /serial/"}, {"serial"}),
        ({"route": "GET /single/"}, {"single"}),
        ({"route": "GET /nowhere/"}, set()),
        ({"shape": "serial", "service": "kitchen"}, {"serial"}),
        ({"shape": "serial", "service": "counter"}, set()),
        ({"least": "200", "service": "kitchen"}, {"serial"}),
        ({"least": "200", "service": "counter"}, set()),
        ({"q": "second query"}, {"serial"}),
        ({"q": "bison <b>sirloin"}, {"single"}),
        ({"q": "counter"}, {"single"}),
        ({"q": "nobody has this"}, set()),
    ],
    ids=str,
)
def test_the_list_is_filtered_by_its_address(pocket, kept, asked, found):
    """By service, route, shape, least duration and text, each in the query and on the server."""
    ours = set(kept.values())
    assert listed(pocket, **asked) & ours == {kept[name] for name in found}


def test_a_trace_is_found_by_its_id(pocket, kept):
    """Whoever pastes an id gets that trace."""
    assert listed(pocket, q=kept["serial"].upper()) == {kept["serial"]}


@pytest.mark.parametrize("asked", [{"least": "x"}, {"least": "inf"}, {"shape": "round"}], ids=str)
def test_what_is_no_filter_is_ignored(pocket, kept, asked):
    """Bad input lists everything, and the form is empty again."""
    answer = httpx.get(f"{pocket.page}/traces", params=asked)
    assert answer.status_code == 200
    assert set(kept.values()) <= listed(pocket, **asked)


def test_the_list_shows_shape_and_duration(pocket, kept):
    """In the row of each trace; the form keeps what was asked."""
    text = httpx.get(f"{pocket.page}/traces", params={"q": kept["serial"]}).text
    assert "shape-serial" in text
    assert "300 ms" in text
    assert f'value="{kept["serial"]}"' in text


def test_routes_shows_the_critical_path_of_each(pocket, kept):
    """Requests, quantiles, shares of time, and the names of its path with an example."""
    text = httpx.get(f"{pocket.page}/routes").text
    assert "GET /serial/" in text
    assert "second query" in text
    assert f"/trace/{kept['serial']}" in text
    assert "/traces?route=GET%20/serial/" in text
    assert f"overlap survey {pocket.page}" in text


def test_routes_shows_repeated_queries_and_how_background_work_ended(pocket, helpers):
    """As the page of `overlap survey --html` does: both have the same tables."""
    trace_id, spans = request_of(
        helpers, "GET /rows/", 90, ("SELECT rib", 20), ("SELECT rib", 20), ("season", 20)
    )
    for query in spans[1:3]:
        query["attributes"] = [{"key": "db.system", "value": {"stringValue": "sqlite"}}]
    ended = {"key": "overlap.task.end", "value": {"stringValue": "done"}}
    spans[3]["attributes"] = [ended]
    pocket.send(*spans)
    helpers.until(lambda: "GET /rows/" in httpx.get(f"{pocket.page}/routes").text)
    text = httpx.get(f"{pocket.page}/routes").text
    assert "Queries that one request repeats" in text
    assert "<code><bdi>SELECT rib</bdi></code>" in text
    assert "<bdi>season</bdi>: 1 <bdi>done</bdi>" in text
    assert text.count(f"/trace/{trace_id}") > 1


def test_routes_is_kept_up_to_date(pocket, kept, helpers, browser):
    """A request that arrives while the page is open appears on it."""
    browser.get(f"{pocket.page}/routes")
    helpers.until(lambda: "GET /single/" in browser.page_source)
    _, spans = request_of(helpers, "GET /later/", 10)
    pocket.send(*spans)
    helpers.until(lambda: "GET /later/" in browser.page_source)
    assert [row for row in browser.get_log("browser") if row["level"] == "SEVERE"] == []


def test_names_are_text_on_both_pages(pocket, helpers):
    """A route is hostile input: what it holds is never markup."""
    _, spans = request_of(helpers, "GET /<script>alert(1)</script>\u202e/", 10)
    pocket.send(*spans)
    helpers.until(lambda: "alert(1)" in httpx.get(f"{pocket.page}/routes").text)
    for path in ("/routes", "/traces"):
        text = httpx.get(f"{pocket.page}{path}").text
        assert "<script>alert" not in text
        assert "\u202e" not in text
