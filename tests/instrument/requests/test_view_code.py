"""The view's own code is found behind what wraps it."""

from __future__ import annotations

from functools import partial, wraps
from types import SimpleNamespace

import pytest
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from overlap.instrument.requests.naming.view_code import set_view_code


class Span:
    """Takes attributes, and is measured by the lens unless told otherwise."""

    def __init__(self, account="an account"):
        self.overlap_account = account
        self.attributes = {}

    def set_attributes(self, attributes):
        self.attributes.update(attributes)


def view(request, pk=None):
    return None


class Page(View):
    @method_decorator(never_cache)
    def get(self, request):
        return None


class Hook:
    def __call__(self, request):
        return None


@wraps(view)
def wrapper(request):
    return view(request)


@pytest.mark.parametrize(
    ("func", "name"),
    [
        (view, "view"),
        (require_GET(never_cache(view)), "view"),
        (partial(view, pk=1), "view"),
        (wrapper, "view"),
        (Page.as_view(), "Page.get"),
        (Hook(), "Hook.__call__"),
        (SimpleNamespace.__repr__, None),
    ],
)
def test_the_code_is_the_users(func, name):
    """File, first line and name."""
    span = Span()
    set_view_code(span, func, "GET")
    assert span.attributes.get("code.function.name") == name
    if name:
        assert span.attributes["code.file.path"] == "tests/instrument/requests/test_view_code.py"
        assert span.attributes["code.line.number"] > 20


def test_a_method_that_a_class_does_not_have_is_its_dispatch():
    """Django answers 405 there."""
    span = Span()
    set_view_code(span, Page.as_view(), "POST")
    assert span.attributes["code.function.name"] == "View.dispatch"


def test_without_the_lens_nothing_is_set():
    """It costs a request a microsecond that few need."""
    span = Span(account=None)
    set_view_code(span, view, "GET")
    assert span.attributes == {}


def test_on_a_server_the_request_has_it(server, sink):
    """Whichever kind of view."""
    server.get("/wait/?s=0.01")
    found = sink.one("GET /wait/").attributes
    assert (found["code.file.path"], found["code.function.name"]) == ("smokesite/views.py", "wait")
