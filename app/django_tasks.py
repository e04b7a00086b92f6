"""Django's own tasks, which Django 6 has: a way to say what is to be done later, and no worker.

The backend that it comes with, ImmediateBackend, does the work at once. A Django that has no
tasks gets the same from the stand-in below.
"""

from time import sleep

from asgiref.sync import sync_to_async
from opentelemetry import trace

from app.simulation import SCRUB

try:
    from django.tasks import task
except ImportError:  # before Django 6

    class task:
        """A function, and how it is handed on."""

        def __init__(self, function) -> None:
            self.function = function

        async def aenqueue(self, *arguments) -> None:
            """Do it at once, as ImmediateBackend does: in the request's own thread."""
            await sync_to_async(self.function)(*arguments)


tracer = trace.get_tracer("smokehouse")


@task
@tracer.start_as_current_span("scrub")
def scrub() -> None:
    """Scrub the grill."""
    sleep(SCRUB)
