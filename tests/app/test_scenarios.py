"""Every claim of the tutorial, on the real servers, from request to verdict."""

import httpx
import pytest

from app.scenarios import SCENARIOS
from app.simulation import FLAVORS, SMOKABLES

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
COUNT = ["1", "2", "3", "4", "5", "<Response [200 OK]>"]


def lines(result, *services):
    """What was logged, in order: the tutorial's terminal output, told by the trace's events."""
    events = [
        (event.time_ns, event.name)
        for span in result.trace.spans
        if span.service == "smokehouse"
        for event in span.events
    ]
    return [name for _, name in sorted(events)]


@pytest.mark.parametrize("name", [name for name, each in BY_NAME.items() if not each.server])
def test_scenario_shows_what_it_expects(played, name):
    """The scenario's trace has the shapes, stages, culprit and victims that it teaches."""
    assert played(name).problems == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "Hello, async Django!"),
        ("/async/", "Non-blocking HTTP request"),
        ("/async/unreferenced/", "Non-blocking HTTP request"),
        ("/sync/", "Blocking HTTP request"),
        ("/burn_some_meats/", "Burned some meats."),
        ("/burn_some_meats/await/", "Burned some meats."),
        ("/sync_to_async/", "Non-blocking HTTP request (via sync_to_async)"),
    ],
)
def test_response_is_the_tutorials_to_the_letter(demo, path, answer):
    """Each route answers with the tutorial's text."""
    assert httpx.get(demo.app_url + path, trust_env=False).text == answer


@pytest.mark.parametrize("path", ["", "sync/", "new_clients/"])
def test_smoking_answers_with_the_number_and_one_of_the_flavours(demo, path):
    """Six meats are smoked, with one of three sauces."""
    answer = httpx.get(f"{demo.app_url}/smoke_some_meats/{path}", trust_env=False).text
    assert answer in {f"Smoked 6 meats with {flavor}!" for flavor in FLAVORS}


@pytest.mark.parametrize("path", ["", "select_related/"])
def test_each_meat_is_in_its_smoker(demo, path):
    """By one query or by seven, the answer is the same."""
    told = httpx.get(f"{demo.app_url}/meats/{path}", trust_env=False).text.splitlines()
    assert [line.partition(" in the ")[0] for line in told] == [
        "ribs", "brisket", "bison sirloin", "lemon chicken", "salmon", "sausage",
    ]  # fmt: skip
    assert [line.partition(" in the ")[2] for line in told] == ["offset smoker"] * 3 + [
        "kettle"
    ] * 3


@pytest.mark.parametrize("name", ["async", "sync", "sync_to_async"])
def test_trace_tells_the_count_line_by_line(played, name):
    """The five counted seconds and the response stand in the trace as the tutorial prints them."""
    assert lines(played(name)) == COUNT


def test_count_has_nowhere_to_go_without_a_span_of_the_tasks_own(played):
    """Unreferenced, the last line comes after the request's span has ended, and is not in it."""
    assert lines(played("async_unreferenced")) == COUNT[:-1]


def test_trace_tells_the_smoking_in_the_tutorials_order(played):
    """The flavour is asked for second and returned first; then each meat is smoked in turn."""
    told = lines(played("smoke_some_meats"))
    assert told[:4] == [
        "Getting smokeables...",
        "Getting flavor...",
        "Returning flavor",
        "Returning smokeable",
    ]
    assert told[4::3] == [f"Smoking some {meat}..." for meat in SMOKABLES]
    assert told[6::3] == [f"{meat.capitalize()} smoked." for meat in SMOKABLES]
    assert {line.removeprefix("Applying the ") for line in told[5::3]} <= {
        f"{flavor}..." for flavor in FLAVORS
    }


def test_sync_pair_returns_in_the_order_it_asked(played):
    """In the plain sync view nothing is asked for before the last answer is there."""
    assert lines(played("smoke_some_meats_sync"))[:4] == [
        "Getting smokeables...",
        "Returning smokeable",
        "Getting flavor...",
        "Returning flavor",
    ]


def test_culprit_is_the_sleeping_line_of_oversmoke(played, root):
    """The blocked time names the very line that sleeps, in the user's own code."""
    (block,) = played("burn_some_meats").verdict.blocked
    place, _, function = block.culprit.partition(" in ")
    path, _, line = place.partition(":")
    assert function == "oversmoke"
    assert (root / path).read_text().splitlines()[int(line) - 1].strip() == "sleep(BURN)"
    assert block.victims == ["GET /", "GET /", "GET /"]


def test_traces_cross_two_services(played):
    """httpbin's own span stands below the call that asked it."""
    spans = {span.span_id: span for span in played("smoke_some_meats").trace.spans}
    served = [span for span in spans.values() if span.service == "httpbin"]
    assert len(served) == 2
    assert {spans[span.parent_id].service for span in served} == {"smokehouse"}


def test_log_lines_carry_the_trace(played, demo):
    """Each line the app writes says which trace and span it belongs to."""
    result = played("burn_some_meats")
    written = [line for line in demo.app_log.read_text().splitlines() if "Who doesn't love" in line]
    assert sum(result.trace_id in line for line in written) == 1
