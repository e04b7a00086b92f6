"""`overlap run -- python manage.py NAME`: one root span a command, sent however it ends."""

import signal

import pytest

pytestmark = pytest.mark.slow

MANAGE = ("python", "manage.py")
INTERNAL, ERROR = "SPAN_KIND_INTERNAL", "STATUS_CODE_ERROR"


def attributes(span):
    found = {}
    for item in span.get("attributes", []):
        (found[item["key"]],) = item["value"].values()
    return found


@pytest.fixture
def service(request):
    """A name of this test's own: the backend is every test's."""
    return f"bakery-{abs(hash(request.node.nodeid))}"


@pytest.fixture
def manage(start, service):
    """Start a command of manage.py."""
    return lambda *command, **env: start(*MANAGE, *command, OTEL_SERVICE_NAME=service, **env)


@pytest.fixture
def spans_of(helpers, service):
    """A function that waits for a span of this name, and gives every span of the service."""

    def spans_of(run, name):
        def found():
            spans = run.every_span(service)
            return any(each["name"] == name for each in spans) and spans

        return helpers.until(found, f"{name}; {run.log.read_text()}")

    return spans_of


def test_a_command_is_one_root_span(manage, spans_of, service):
    """An async one is watched, with the block below it; one that it calls is no root of its own."""
    run = manage("knead")
    assert run.process.wait(60) == 0
    spans = spans_of(run, "manage.py knead")
    assert sorted(span["name"] for span in spans) == ["event_loop.blocked", "manage.py knead"]
    block, root = sorted(spans, key=lambda span: span["name"])
    assert not root.get("parentSpanId")
    assert root["kind"] in (INTERNAL, 1)
    assert attributes(root)["overlap.command"] == "knead"
    assert int(attributes(root)["process.exit.code"]) == 0
    assert block["parentSpanId"] == root["spanId"]
    assert attributes(block)["code.function.name"].endswith("knead")
    assert "kneaded" in run.log.read_text()
    assert run.said[-1] in (f"{service} is traced: {run.page}", f"its traces: {run.page}")


def test_a_command_that_is_stopped(manage, helpers, spans_of):
    """SIGTERM would end Python at once: the span is sent first. The status is the signal's."""
    run = manage("rest")
    helpers.until(lambda: "resting" in run.log.read_text(), "the command")
    assert run.end(signal.SIGTERM) == 143
    (root,) = spans_of(run, "manage.py rest")
    assert attributes(root)["overlap.cancelled"] is True


def test_help_is_not_traced(manage, service):
    """What runs no command is printed as it is."""
    run = manage("knead", "--help")
    assert run.process.wait(60) == 0
    assert run.every_span(service) == []
