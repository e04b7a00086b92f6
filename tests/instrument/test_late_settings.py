"""instrument() before Django's settings are known: one line says that requests are not traced."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import logging, os
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
import overlap
from django.conf import settings

def configure():
    settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x")

urlpatterns = []
{first}
{second}
from django.core.asgi import get_asgi_application
from django.core.handlers.base import BaseHandler
get_asgi_application()
get_asgi_application()
overlap.shutdown()
assert "/overlap/" not in BaseHandler.load_middleware.__code__.co_filename
"""
LINE = "called before Django's settings were known"


@pytest.mark.parametrize(
    ("first", "second", "lines"),
    [("overlap.instrument()", "configure()", 1), ("configure()", "overlap.instrument()", 0)],
    ids=["too early", "in time"],
)
def test_one_line_says_so(own_sink, first, second, lines):
    """However many handlers are created."""
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(first=first, second=second)],
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": own_sink.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stderr.count(LINE) == lines, found.stderr
