"""A task for Django's own task framework, which exists since Django 6 and has no worker.

Its default backend, ImmediateBackend, runs a task at once. For older versions of Django, the
replacement below does the same.
"""

from time import sleep

from asgiref.sync import sync_to_async
from opentelemetry import trace

from app.simulation import SCRUB

try:
    from django.tasks import task
except ImportError:  # before Django 6

    class task:
        """A replacement for Django's decorator of the same name."""

        def __init__(self, function) -> None:
            self.function = function

        async def aenqueue(self, *arguments) -> None:
            """Run the function at once in the request's thread, as ImmediateBackend does."""
            await sync_to_async(self.function)(*arguments)


tracer = trace.get_tracer("smokehouse")


@task
@tracer.start_as_current_span("scrub")
def scrub() -> None:
    """Scrub the grill."""
    sleep(SCRUB)
