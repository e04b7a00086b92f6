"""Signs of life of those that listen on no port: a file, touched for as long as all goes round.

`celery worker --include app.pulse` touches it with each heartbeat that it sends to the broker,
`celery beat --scheduler app.pulse:Scheduler` each time it looks for what is due.
`python -m app.probe file:///…` reads it.
"""

from celery import beat, signals

from app.settings import PULSE_FILE


class Scheduler(beat.Scheduler):
    """The one that keeps what it knows in memory, with a pulse."""

    def tick(self, *args, **kwargs):
        PULSE_FILE.touch()
        return super().tick(*args, **kwargs)


# A pulse without a sender is none: this is called before a heartbeat is sent, and not at all once
# the broker is gone.
@signals.heartbeat_sent.connect
def touch(**_):
    """The worker's own process lives, and so does its way to the broker."""
    PULSE_FILE.touch()
