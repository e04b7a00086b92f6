"""The demo's Celery app, for work that must be done even if the requesting process has ended.

Run `celery -A app.celery worker` and `celery -A app.celery beat`. Telemetry is set up in the
processes that the worker forks, which do the work, and only after the fork: threads that send
telemetry do not survive a fork.
"""

import os

import structlog
from celery import Celery, signals

import overlap
from app import broker  # noqa: F401  the scheme `folders://`
from app.termination import lock_pipe_before_kill

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
celery = Celery("smokehouse", include=["app.tasks"])
log = structlog.get_logger()
celery.config_from_object("django.conf:settings", namespace="CELERY")


@signals.setup_logging.connect
def keep_overlap_logging(**_):
    """Leave logging to overlap: Celery does not configure it if this signal has a receiver."""


# The worker's main process runs no tasks, but only it knows which tasks were revoked.
@signals.worker_process_init.connect
@signals.worker_ready.connect
def start_in_worker(**_):
    """Set up telemetry in each forked process, and in the main process after the first forks."""
    overlap.instrument(service_name="smokehouse-worker")


@signals.worker_ready.connect
def log_worker_ready(sender, **_):
    """Log one line: `make demo` waits for it."""
    lock_pipe_before_kill(sender.pool)
    log.info("worker ready")


@signals.beat_init.connect
def start_in_beat(**_):
    """Set up telemetry at once: beat forks no processes."""
    overlap.instrument(service_name="smokehouse-beat")
    log.info("beat ready")


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def stop(**_):
    """Send the remaining telemetry."""
    overlap.shutdown()
