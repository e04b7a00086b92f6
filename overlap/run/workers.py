"""Instrument the worker processes of task queues under `overlap run`, where their jobs run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlap.runtime.class_methods import replace_method


def instrument_dramatiq(module: Any, switch_on: Callable[[], None]) -> None:
    """Call `switch_on` in each process of dramatiq's command, before its worker starts."""
    _before(module.Worker, "start", switch_on)


def instrument_huey(module: Any, switch_on: Callable[[], None]) -> None:
    """Call `switch_on` in huey's consumer, before its workers start."""
    _before(module.Consumer, "start", switch_on)


def instrument_rq(module: Any, switch_on: Callable[[], None]) -> None:
    """Call `switch_on` before a worker of rq looks for jobs, and in a work horse that it spawns.

    Those that it forks have it from the worker.
    """
    _before(module.BaseWorker, "work", switch_on)
    _before(module.Worker, "main_work_horse", switch_on)


def instrument_celery(_module: Any, switch_on: Callable[[], None]) -> None:
    """Call `switch_on` in each process of Celery's pool, and in the worker above it when ready."""
    from celery import signals

    import overlap

    def start(**_signal: Any) -> None:
        switch_on()

    def stop(**_signal: Any) -> None:
        overlap.shutdown()

    signals.worker_process_init.connect(start, weak=False)
    signals.worker_ready.connect(start, weak=False)
    signals.worker_process_shutdown.connect(stop, weak=False)


def _before(owner: Any, name: str, call: Callable[[], None]) -> None:
    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            call()
            return stock(self, *args, **kwargs)

        return method

    replace_method(owner, name, make)
