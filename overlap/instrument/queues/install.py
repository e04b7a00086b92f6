"""Switch on the tracing of every task queue that is not disabled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from overlap.instrument.calls.installed_instrumentors import is_disabled
from overlap.instrument.queues.celery_tasks import instrument_celery
from overlap.instrument.queues.django_tasks import instrument_django_tasks
from overlap.instrument.queues.dramatiq_tasks import instrument_dramatiq
from overlap.instrument.queues.huey_tasks import instrument_huey

_QUEUES = {
    "celery": instrument_celery,
    "django_tasks": instrument_django_tasks,
    "dramatiq": instrument_dramatiq,
    "huey": instrument_huey,
}
"""By the name that OTEL_PYTHON_DISABLED_INSTRUMENTATIONS has for it."""


def instrument_queues() -> Callable[[], None]:
    """Trace the tasks of every queue; return a function that undoes it."""
    undo = ExitStack()
    for name, instrument in _QUEUES.items():
        if not is_disabled(name):
            undo.callback(instrument())
    return undo.close
