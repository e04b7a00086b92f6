"""Functions that django-q2 calls."""

import time

from opentelemetry import trace

tracer = trace.get_tracer(__name__)


def salt(grams=0, *, pepper=0):
    """Work."""
    with tracer.start_as_current_span("shake"):
        return grams + pepper


def burn():
    """Fail."""
    raise ValueError("burnt")


def dawdle():
    """Take longer than the cluster allows."""
    time.sleep(5)
