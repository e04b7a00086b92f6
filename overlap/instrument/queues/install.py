"""Switch on the tracing of every task queue that is not disabled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from overlap.instrument.calls.installed_instrumentors import is_disabled
from overlap.instrument.queues.celery_tasks import instrument_celery
from overlap.instrument.queues.django_q_tasks import instrument_django_q
from overlap.instrument.queues.django_tasks import instrument_django_tasks
from overlap.instrument.queues.dramatiq_tasks import instrument_dramatiq
from overlap.instrument.queues.huey_tasks import instrument_huey
from overlap.instrument.queues.rq_tasks import instrument_rq

_QUEUES = {
    "celery": instrument_celery,
    "django_tasks": instrument_django_tasks,
    "dramatiq": instrument_dramatiq,
    "huey": instrument_huey,
    "django_q": instrument_django_q,
}
"""By the name that OTEL_PYTHON_DISABLED_INSTRUMENTATIONS has for it."""


def instrument_queues(send_last: Callable[[], None]) -> Callable[[], None]:
    """Trace the tasks of every queue; return a function that undoes it.

    send_last: sends the last telemetry of a process that ends.
    """
    undo = ExitStack()
    for name, instrument in _QUEUES.items():
        if not is_disabled(name):
            undo.callback(instrument())
    if not is_disabled("rq"):
        undo.callback(instrument_rq(send_last))
    return undo.close
