"""What Celery does: the tutorial's http_call, its cleaning at night, and tasks with a bad day."""

from time import sleep

from opentelemetry import trace

from app import upstream
from app.celery import celery
from app.grinding import grind
from app.models import Booking
from app.simulation import (
    API_STATUSES,
    BOOKINGS_KEPT,
    BURN_DOWN,
    GRIND,
    LONG_ROAST,
    SEASON_BACK_OFF,
    TICK,
)
from app.views.tutorial import http_call_sync

tracer = trace.get_tracer("smokehouse")


@celery.task
def http_call(tick: float = TICK) -> None:
    """The same work as http_call_async, in another process."""
    http_call_sync(tick)


@celery.task(bind=True)
def season(self) -> None:
    """A third party answers 503 twice, and the task is tried again later."""
    r = upstream.get_sync(f"status/{API_STATUSES[self.request.retries]}")
    if r.status_code >= 500:
        why = ConnectionError(f"the spice merchant answered {r.status_code}")
        raise self.retry(exc=why, countdown=SEASON_BACK_OFF)


@celery.task
def set_fire() -> None:
    """It fails, and nobody who waits for it is there to see."""
    sleep(BURN_DOWN)
    raise RuntimeError("the smoker is on fire")


@celery.task
def roast() -> None:
    """It takes long enough to be called off."""
    sleep(LONG_ROAST)


@celery.task
def grind_pepper() -> None:
    """Work for the processor, in a process that nobody waits for."""
    grind(GRIND)


@celery.task
def clean() -> None:
    """Remove all bookings but the last: what the tutorial has Celery do every night."""
    kept = Booking.objects.order_by("-pk").values_list("pk", flat=True)[:BOOKINGS_KEPT]
    Booking.objects.exclude(pk__in=[*kept]).delete()
