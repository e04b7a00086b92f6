"""Celery's tasks: the tutorial's http_call and cleaning, and tasks that retry, fail or run long."""

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
    """Do the work of http_call_async in another process."""
    http_call_sync(tick)


@celery.task(bind=True)
def season(self) -> None:
    """Call a third party that answers 503 twice, and retry later."""
    r = upstream.get_sync(f"status/{API_STATUSES[self.request.retries]}")
    if r.status_code >= 500:
        why = ConnectionError(f"the spice merchant answered {r.status_code}")
        raise self.retry(exc=why, countdown=SEASON_BACK_OFF)


@celery.task
def set_fire() -> None:
    """Fail after a while, when no request waits for the result."""
    sleep(BURN_DOWN)
    raise RuntimeError("the smoker is on fire")


@celery.task
def roast() -> None:
    """Run long enough to be revoked."""
    sleep(LONG_ROAST)


@celery.task
def grind_pepper() -> None:
    """Do CPU-bound work that no request waits for."""
    grind(GRIND)


@celery.task
def clean() -> None:
    """Remove all but the last bookings, as the tutorial does every night."""
    kept = Booking.objects.order_by("-pk").values_list("pk", flat=True)[:BOOKINGS_KEPT]
    Booking.objects.exclude(pk__in=[*kept]).delete()
