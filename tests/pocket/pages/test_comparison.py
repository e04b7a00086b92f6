"""The page of two traces: linked from both, one scale, and safe whatever they are called."""

import secrets

import httpx
from selenium.webdriver.common.by import By

MS = 1_000_000


def _sent(pocket, helpers, name: str, *works: tuple[str, int, int]) -> str:
    """Send a request of a second with these works in it: name, start and end in ms."""
    trace_id, root, now = secrets.token_hex(16), secrets.token_hex(8), 1_700_000_000_000_000_000
    end = max(end for *_, end in works) + 5

    def span(called: str, start_ms: int, end_ms: int, **fields):
        times = {
            "startTimeUnixNano": str(now + start_ms * MS),
            "endTimeUnixNano": str(now + end_ms * MS),
        }
        return helpers.span(called, traceId=trace_id, **times, **fields)

    pocket.send(
        span(name, 0, end, spanId=root, kind=2),
        *(span(called, start, last, parentSpanId=root) for called, start, last in works),
    )
    return trace_id


def test_two_traces_are_told_apart(pocket, browser, helpers):
    """From a trace's own form to what is otherwise in the other one, without a complaint."""
    a = _sent(pocket, helpers, "GET /sync/", ("first", 1, 400), ("second", 401, 900))
    b = _sent(pocket, helpers, "GET /async/", ("first", 1, 400), ("second", 2, 500))
    browser.get(f"{pocket.page}/trace/{a}")
    browser.find_element(By.ID, "other").send_keys(f"{pocket.page}/trace/{b}")
    browser.find_element(By.CSS_SELECTOR, "form[action='/compare'] button").click()
    helpers.until(lambda: browser.current_url == f"{pocket.page}/compare/{a}/{b}")
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "Now at once: first and second; the whole takes 505 ms instead of 905 ms" in text
    assert "GET /sync/ / GET /async/" in text
    bars = browser.find_elements(By.CSS_SELECTOR, "section .waterfall details:first-of-type .bar")
    widths = [bar.size["width"] for bar in bars]
    assert len(widths) == 2
    assert 0.5 < widths[1] / widths[0] < 0.62, "they are not drawn to one scale"
    assert browser.get_log("browser") == []


def test_hostile_names_stand_there_as_text(pocket, browser, helpers):
    """Names of both traces are data on this page too."""
    bad = "<script>document.title='owned'</script>"
    a = _sent(pocket, helpers, bad, (bad + "1", 1, 400))
    b = _sent(
        pocket, helpers, "{{ 7 * 7 }}", ('"><img src=x onerror="document.title=\'owned\'">', 1, 9)
    )
    browser.get(f"{pocket.page}/compare/{a}/{b}")
    assert browser.title == "Two traces · Overlap"
    assert not browser.find_elements(By.CSS_SELECTOR, "main script, main img, [onerror], [style]")
    assert bad in browser.find_element(By.TAG_NAME, "main").text
    assert browser.get_log("browser") == []


def test_what_is_not_there_is_said(pocket, helpers):
    """An id of no trace, or of none at all, is a sentence and 404."""
    a = _sent(pocket, helpers, "GET /", ("first", 1, 4))
    unknown = httpx.get(f"{pocket.page}/compare/{a}/{'e' * 32}")
    assert (unknown.status_code, f"No trace {'e' * 32} has been received" in unknown.text) == (
        404,
        True,
    )
    none = httpx.get(f"{pocket.page}/compare/{a}/nothing")
    assert (none.status_code, "hex digits" in none.text) == (404, True)
    empty = httpx.get(f"{pocket.page}/compare", params={"a": a, "b": ""})
    assert empty.status_code == 404
