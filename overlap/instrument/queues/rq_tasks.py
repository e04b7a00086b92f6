"""Trace rq's jobs.

The trace context is a field of the job's hash in Redis, beside rq's own: a worker without Overlap
reads the fields it knows, and writes no others. A retry, or a job whose time has come, keeps it:
only the first sending has a span. Its runs are in `rq_runs`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from overlap.instrument.queues import messages, rq_runs
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap_traceparent"
"""The field with the trace context, and the number of runs until now."""
_SENDING = "a job is sent without its trace"


def instrument_rq(send_last: Callable[[], None]) -> Callable[[], None]:
    """Trace rq once it is imported; return a function that undoes it.

    send_last: sends the last telemetry of a process that ends.
    """
    undo = ExitStack()
    undo.callback(when_imported("rq.job", _instrument_job))
    undo.callback(when_imported("rq.queue", _instrument_queue))
    undo.callback(
        when_imported("rq.worker", lambda rq, undo: _instrument_worker(rq, undo, send_last))
    )
    return undo.close


def _instrument_job(module: ModuleType, undo: ExitStack) -> None:
    for name, make in (
        ("to_dict", _to_dict),
        ("restore", _restore),
        ("save", _save),
        ("perform", rq_runs.perform),
    ):
        undo.callback(replace_method(module.Job, name, make))


def _instrument_queue(module: ModuleType, undo: ExitStack) -> None:
    # Each may be the first that is called for a job, and calls one of the next.
    for name in ("enqueue_job", "schedule_job", "_enqueue_job"):
        undo.callback(replace_method(module.Queue, name, _enqueue))
    undo.callback(replace_method(module.Queue, "run_sync", rq_runs.run_sync))


def _instrument_worker(module: ModuleType, undo: ExitStack, send_last: Callable[[], None]) -> None:
    def perform_job(stock: Callable[..., Any]) -> Callable[..., Any]:
        return rq_runs.perform_job(stock, send_last)

    # One of rq 2 has them in Worker, one of rq 3 in its base.
    for worker in (module.BaseWorker, module.Worker):
        for name, make in (
            ("perform_job", perform_job),
            ("handle_exception", rq_runs.handle_exception),
            ("handle_job_failure", rq_runs.handle_job_failure),
        ):
            if name in vars(worker):
                undo.callback(replace_method(worker, name, make))


# Where it is sent:


def _enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enqueue(queue: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        if rq_runs.NOTE in vars(job):
            return stock(queue, job, *args, **kwargs)
        with messages.sending("enqueue", rq_runs.message_of, job, queue.name):
            guarded(_SENDING, _add_note, job)
            return stock(queue, job, *args, **kwargs)

    return enqueue


def _save(stock: Callable[..., Any]) -> Callable[..., Any]:
    def save(job: Any, *args: Any, **kwargs: Any) -> Any:
        # `enqueue_many` only stores those that wait for another job.
        if guarded(_SENDING, _is_new_and_deferred, job) is not True:
            return stock(job, *args, **kwargs)
        with messages.sending("enqueue", rq_runs.message_of, job):
            guarded(_SENDING, _add_note, job)
            return stock(job, *args, **kwargs)

    return save


def _is_new_and_deferred(job: Any) -> bool:
    return rq_runs.NOTE not in vars(job) and job.get_status(refresh=False) == "deferred"


def _add_note(job: Any) -> None:
    vars(job)[rq_runs.NOTE] = {"carrier": messages.carrier(), "tries": 0}


def _to_dict(stock: Callable[..., Any]) -> Callable[..., Any]:
    def to_dict(job: Any, *args: Any, **kwargs: Any) -> Any:
        fields = stock(job, *args, **kwargs)
        if (note := vars(job).get(rq_runs.NOTE)) is not None:
            fields[CARRIER] = json.dumps(note)
        return fields

    return to_dict


def _restore(stock: Callable[..., Any]) -> Callable[..., Any]:
    def restore(job: Any, raw_data: Any, *args: Any, **kwargs: Any) -> Any:
        result = stock(job, raw_data, *args, **kwargs)
        guarded("a job's trace is not read", _read_note, job, raw_data)
        return result

    return restore


def _read_note(job: Any, fields: Any) -> None:
    if (stored := fields.get(CARRIER.encode()) or fields.get(CARRIER)) is not None:
        note = json.loads(stored)
        vars(job)[rq_runs.NOTE] = {"carrier": dict(note["carrier"]), "tries": int(note["tries"])}
