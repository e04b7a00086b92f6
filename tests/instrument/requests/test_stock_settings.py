"""What the stock instrumentation can be told, ours can be told."""

from __future__ import annotations

import pytest

CAPTURE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
ENVIRONMENT = {
    f"{CAPTURE}SERVER_REQUEST": "x-meat,authorization,x-cut-.*",
    f"{CAPTURE}SERVER_RESPONSE": "content-type",
    f"{CAPTURE}SANITIZE_FIELDS": "authorization",
    "OTEL_PYTHON_DJANGO_TRACED_REQUEST_ATTRS": "path_info,content_type,x-meat",
    "SITE_MIDDLEWARE": "smokesite.middleware.Touchy smokesite.middleware.not_used "
    "smokesite.middleware.sync_only django.middleware.common.CommonMiddleware",
}


@pytest.fixture(scope="module")
def told(shared_sink, starter):
    """One server with every setting, for all tests of this file."""
    return starter(app="smokesite.hooked:application", env=ENVIRONMENT)


@pytest.fixture
def server(told, sink):
    server = told.within(sink.trace_id)
    yield server
    server.client.close()


def test_headers_asked_for_are_on_the_span(server, sink):
    """By name and by pattern; what is secret is hidden."""
    headers = {"X-Meat": "brisket", "Authorization": "secret", "X-Cut-1": "a"}
    server.get("/", headers=headers)
    attributes = sink.one("GET /").attributes
    assert attributes["http.request.header.x_meat"] == ["brisket"]
    assert attributes["http.request.header.x_cut_1"] == ["a"]
    assert attributes["http.request.header.authorization"] == ["[REDACTED]"]
    assert attributes["http.response.header.content_type"] == ["text/html; charset=utf-8"]


def test_attributes_of_the_request_asked_for_are_on_the_span(server, sink):
    """Of Django's request, and, as the stock one has it, of the scope's headers."""
    server.get("/", headers={"X-Meat": "brisket", "Content-Type": "text/plain"})
    attributes = sink.one("GET /").attributes
    assert attributes["path_info"] == "/"
    assert attributes["content_type"] == "text/plain"
    assert attributes["x-meat"] == "brisket"


def test_excluded_urls_have_no_span(server, sink):
    """Nor metrics; the option wins over the variable, and what is not excluded is traced."""
    assert server.get("/sync/").text == "sync"
    server.get("/meats/2/")
    sink.one("GET /meats/<int:pk>/")
    assert sink.names() == {"GET /meats/<int:pk>/": 1}


def test_hooks_see_span_request_and_response(server, sink):
    """Both hooks run, and a name that a hook gives stays."""
    server.get("/meats/1/")
    attributes = sink.one("first meat").attributes
    assert (attributes["hooked.path"], attributes["hooked.status"]) == ("/meats/1/", 200)
    assert attributes["http.route"] == "/meats/<int:pk>/"


def test_a_hook_that_raises_hurts_no_request(server, sink):
    """The request is served and traced; the log has the hook's traceback."""
    assert server.get("/meats/13/").text == "meat 13"
    sink.one("GET /meats/<int:pk>/")
    assert "the hook is someone else's code" in server.log


def test_a_sync_middleware_is_named_and_leaves_the_span_on_the_loop(server, sink):
    """It costs a hop to a thread and back, which the span says; who is not used is not named."""
    server.get("/")
    attributes = sink.one("GET /").attributes
    assert attributes["overlap.sync_middleware"] == ["smokesite.middleware.sync_only"]
    assert attributes["thread.name"] == "MainThread"
