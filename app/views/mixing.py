"""A synchronous and an asynchronous call in one view: "Don't do this." """

from time import sleep

import structlog
from django.http import HttpResponse
from opentelemetry import trace

from app.simulation import BASTE
from app.views.pairs import get_flavor_sync
from app.views.tutorial import get_flavor

log = structlog.get_logger()
tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("baste")
def baste() -> None:
    sleep(BASTE)
    log.info("Basted.")


async def sync_and_async(request):
    baste()
    flavor = await get_flavor()
    return HttpResponse(f"Basted with {flavor}.")


def sync_throughout(request):
    baste()
    flavor = get_flavor_sync()
    return HttpResponse(f"Basted with {flavor}.")
