"""Scripts that run Django's own parts under a span, in a process of their own."""

from __future__ import annotations

import textwrap

import pytest

from tests.instrument.queues.conftest import broker, redis_url  # noqa: F401  fixtures

PRELUDE = """
import asyncio, os, time, warnings
import django
from django.conf import settings
import overlap
settings.CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "slow": {"BACKEND": "smokesite.parts.SlowCache"},
    "file": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
             "LOCATION": "/nowhere"},
    "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
              "LOCATION": os.environ.get("SITE_REDIS", "")},
}
settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
        "fast.html": "{{ x }}", "slow.html": "{{ x }}",
        "outer.html": "{% include 'fast.html' %}{{ slow }}"})]}}]
overlap.instrument()
django.setup()
from opentelemetry import trace
tracer = trace.get_tracer("tests")
NAP_S = 0.02
"""


@pytest.fixture
def recorded(own_sink, run):
    """A function that runs a script; it returns the sink with the spans it made."""

    def play(code, **env):
        env.setdefault("OVERLAP_BLOCKED_THRESHOLD_MS", "60000")  # a busy machine blocks any loop
        run(PRELUDE + textwrap.dedent(code) + "\noverlap.shutdown()\n", own_sink.url, **env)
        return own_sink

    return play
