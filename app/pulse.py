"""Heartbeats for Celery's worker and beat, which listen on no port: a file touched regularly.

`celery worker --include app.pulse` touches it with each heartbeat that it sends to the broker,
`celery beat --scheduler app.pulse:Scheduler` each time it looks for due tasks.
`python -m app.probe file:///…` reads it.
"""

from celery import beat, signals

from app.settings import PULSE_FILE


class Scheduler(beat.Scheduler):
    """Celery's in-memory scheduler, with a heartbeat."""

    def tick(self, *args, **kwargs):
        PULSE_FILE.touch()
        return super().tick(*args, **kwargs)


# Celery sends this signal before each heartbeat, and no longer once the broker is unreachable.
@signals.heartbeat_sent.connect
def touch(**_):
    """Record that the worker runs and can reach the broker."""
    PULSE_FILE.touch()
