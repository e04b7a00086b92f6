"""Celery, for what must be done even if the process that asked for it is gone.

`celery -A app.celery worker` and `celery -A app.celery beat`. Telemetry is set up where the
work is done, in the processes that the worker forks, and only after the fork: a thread that
sends does not live through one.
"""

import os

import structlog
from celery import Celery, signals

import overlap
from app import broker  # noqa: F401  the scheme `folders://`
from app.termination import let_speak_first

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
celery = Celery("smokehouse", include=["app.tasks"])
log = structlog.get_logger()
celery.config_from_object("django.conf:settings", namespace="CELERY")


@signals.setup_logging.connect
def leave_logging(**_):
    """To overlap: where somebody sets it up, Celery does not."""


# The worker's own process does no work, but it alone knows of what is revoked.
@signals.worker_process_init.connect
@signals.worker_ready.connect
def start_in_worker(**_):
    """Once its first processes are forked, the worker itself; and each of these."""
    overlap.instrument(service_name="smokehouse-worker")


@signals.worker_ready.connect
def say_worker(sender, **_):
    """So that whoever waits for it knows."""
    let_speak_first(sender.pool)
    log.info("worker ready")


@signals.beat_init.connect
def start_in_beat(**_):
    """Beat forks nothing."""
    overlap.instrument(service_name="smokehouse-beat")
    log.info("beat ready")


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def stop(**_):
    """Send what is left to send."""
    overlap.shutdown()
