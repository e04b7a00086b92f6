"""The page in a real Chromium: nothing in a trace executes, scenarios play, phones can read it."""

import secrets

import httpx
import pytest
from selenium.webdriver.common.by import By

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "</text></svg><script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\x00\x1b[31m",
    "x" * 3000,
)


@pytest.fixture
def hostile_trace(pocket, helpers) -> str:
    """A trace in which every name, value, event, link, scope and service is hostile."""
    trace_id, root = secrets.token_hex(16), secrets.token_hex(8)
    spans = [helpers.span(HOSTILE[0], traceId=trace_id, spanId=root)]
    for text in HOSTILE:
        pair = {"key": text, "value": {"stringValue": text}}
        spans.append(
            helpers.span(
                text,
                traceId=trace_id,
                parentSpanId=root,
                attributes=[pair, {"key": "thread.name", "value": {"stringValue": text}}],
                events=[{"name": text, "timeUnixNano": "1", "attributes": [pair]}],
                links=[{"traceId": trace_id, "spanId": root, "attributes": [pair]}],
                status={"code": 2, "message": text},
            )
        )
    pocket.send(*spans, service=HOSTILE[1])
    return trace_id


@pytest.mark.parametrize("path", ["/trace/{}", "/traces", "/", "/metrics", "/lessons/first"])
def test_nothing_in_a_trace_executes(pocket, browser, hostile_trace, path):
    """Hostile names stand there as text; the policy has nothing to object to in our own page."""
    browser.get(pocket.page + path.format(hostile_trace))
    body = browser.find_element(By.TAG_NAME, "main")
    assert browser.title != "owned"
    assert not browser.find_elements(By.CSS_SELECTOR, "main script, main img, [onerror], [style]")
    if path.startswith("/trace"):
        assert HOSTILE[0] in body.text
    assert browser.get_log("browser") == []


def test_a_span_opens_without_javascript(pocket, helpers):
    """The details are in the page as it comes: nothing is fetched to see them."""
    span = helpers.span(attributes=[{"key": "meat", "value": {"stringValue": "brisket"}}])
    pocket.send(span)
    text = httpx.get(f"{pocket.page}/trace/{span['traceId']}").text
    assert "<details" in text
    assert "brisket" in text


@pytest.mark.parametrize("path", ["/", "/trace/{}", "/traces", "/lessons/first", "/metrics"])
def test_a_phone_need_not_scroll_sideways(pocket, browser, helpers, hostile_trace, path):
    """At 380 px nothing overflows the page, hostile names included."""
    helpers.size(browser, 380)
    browser.get(pocket.page + path.format(hostile_trace))
    for item in browser.find_elements(By.CSS_SELECTOR, "details"):
        browser.execute_script("arguments[0].open = true", item)
    widths = browser.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert widths[0] <= widths[1]


def test_a_scenario_plays_from_its_button(pocket, browser, helpers):
    """The button plays; the page shows the verdict and the picture without a reload."""
    browser.get(f"{pocket.page}/lessons/first")
    browser.execute_script("window.sameDocument = true")
    browser.find_element(
        By.CSS_SELECTOR, "article form[action='/lessons/first/play'] button"
    ).click()
    helpers.until(lambda: browser.find_elements(By.CSS_SELECTOR, "article.state-good"))
    helpers.until(lambda: browser.find_elements(By.CSS_SELECTOR, "article.state-good details.span"))
    assert browser.execute_script("return window.sameDocument")
    assert "The first <b>scenario</b>" in browser.find_element(By.TAG_NAME, "h1").text
    assert browser.get_log("browser") == []


def test_a_scenario_that_shows_something_else_says_what(pocket, helpers):
    """Without JavaScript: a form post, a redirect, and the page says what is missing."""
    answer = httpx.post(f"{pocket.page}/lessons/second/play")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lessons/second")
    page = helpers.until(
        lambda: _with(f"{pocket.page}/lessons/second", "expected the shape lost"), 20
    )
    assert "Not as expected" in page


def _with(url: str, text: str) -> str:
    page = httpx.get(url).text
    return page if text in page else ""


def test_an_unreachable_app_is_told_on_the_page(helpers, tmp_path, pocket):
    """The sentence of the player stands where the verdict would."""
    folder = tmp_path
    (folder / "pocket_scenarios_alone.py").write_text(
        "from overlap.scenario import *\n"
        "SCENARIOS = [Scenario(name='a', title='A', why='', requests=(Request('/'),),"
        " expect=Expectation())]\n"
    )
    alone = helpers.start_pocket(
        folder, "--app-url=http://127.0.0.1:9", OVERLAP_SCENARIOS="pocket_scenarios_alone:SCENARIOS"
    )
    try:
        httpx.post(f"{alone.page}/lessons/a/play")
        page = helpers.until(lambda: _with(alone.page, "Could not be played"), 20)
        assert "the app does not answer at http://127.0.0.1:9" in page
    finally:
        alone.interrupt()
        alone.process.stdout.close()


def test_a_trace_grows_while_one_looks(pocket, browser, helpers):
    """Server-sent events bring new spans in, and what was open stays open."""
    first = helpers.span("early")
    pocket.send(first)
    browser.get(f"{pocket.page}/trace/{first['traceId']}")
    helpers.until(lambda: browser.find_element(By.ID, "live").is_displayed())
    browser.find_element(By.CSS_SELECTOR, "details.span summary").click()
    pocket.send(helpers.span("late arrival", traceId=first["traceId"]))
    helpers.until(lambda: "late arrival" in browser.find_element(By.TAG_NAME, "main").text)
    assert len(browser.find_elements(By.CSS_SELECTOR, "details.span[open]")) == 1


def test_a_trace_that_is_not_there_yet_appears(pocket, browser, helpers):
    """A page opened too early says so, and shows the trace once it comes."""
    span = helpers.span("at last")
    browser.get(f"{pocket.page}/trace/{span['traceId']}")
    assert "No trace with this id" in browser.find_element(By.TAG_NAME, "main").text
    helpers.until(lambda: browser.find_element(By.ID, "live").is_displayed())
    pocket.send(span)
    helpers.until(lambda: "at last" in browser.find_element(By.TAG_NAME, "main").text)


def test_what_was_dropped_is_said(helpers, tmp_path):
    """When old traces go to make room, the page says so, and so does the page of such a trace."""
    small = helpers.start_pocket(tmp_path, "--max-spans=4")
    try:
        spans = [helpers.span() for _ in range(6)]
        for span in spans:
            small.send(span)
        assert "dropped to make room" in httpx.get(f"{small.page}/traces").text
        answer = httpx.get(f"{small.page}/trace/{spans[0]['traceId']}")
        assert answer.status_code == 404
        assert "dropped to make room" in answer.text
    finally:
        small.interrupt()
        small.process.stdout.close()


def test_blocked_time_background_and_threads_are_drawn(pocket, browser, helpers):
    """Each is drawn in its own way and told in words too."""
    trace_id, server, block = (secrets.token_hex(n) for n in (16, 8, 8))
    at = 1_800_000_000_000_000_000
    thread = [{"key": "thread.id", "value": {"intValue": "1"}}]
    other = [
        {"key": "thread.id", "value": {"intValue": "2"}},
        {"key": "thread.name", "value": {"stringValue": "pool_0"}},
    ]
    shop = [
        ("GET /", server, None, 2, 0, 100, thread),
        ("work", "0" * 15 + "1", server, 1, 0, 90, thread),
        ("event_loop.blocked", block, "0" * 15 + "1", 1, 10, 80, []),
        ("after", "0" * 15 + "2", server, 1, 50, 300, other),
    ]
    pocket.send(
        *(
            helpers.span(
                name,
                traceId=trace_id,
                spanId=span_id,
                kind=kind,
                startTimeUnixNano=str(at + start * 1_000_000),
                endTimeUnixNano=str(at + end * 1_000_000),
                attributes=attributes,
                **({"parentSpanId": parent} if parent else {}),
            )
            for name, span_id, parent, kind, start, end, attributes in shop
        )
    )
    browser.get(f"{pocket.page}/trace/{trace_id}")
    rows = browser.find_elements(By.CSS_SELECTOR, "details.span")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details.span rect.shade")) == len(rows)
    text = browser.find_element(By.TAG_NAME, "main").text
    for words in ("blocked the loop", "past its response", "thread pool_0", "event loop blocked"):
        assert words in text
    for mark in ("rect.late", "rect.hatch", "line.response"):
        assert browser.find_elements(By.CSS_SELECTOR, mark)
