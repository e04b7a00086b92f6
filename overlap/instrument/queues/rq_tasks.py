"""Trace rq's jobs.

The trace context is a field of the job's hash in Redis, beside rq's own: a worker without Overlap
reads the fields it knows, and writes no others. A retry, or a job whose time has come, keeps it:
only the first sending has a span.

rq's usual worker forks a process for each job, a work horse, which ends by `os._exit`: it sends
its telemetry after the job. Of one that was killed, the worker above it sends the run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from overlap import names
from overlap.instrument.queues import messages
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

CARRIER = "overlap_traceparent"
"""The field with the trace context, and the number of runs until now."""
_NOTE = "_overlap_note"
"""A job's attribute for that field: a dict with `carrier` and `tries`."""
_ENDS = {
    "finished": names.QUEUE_DONE,
    "failed": names.QUEUE_FAILED,
    "stopped": names.QUEUE_REVOKED,
    "canceled": names.QUEUE_REVOKED,
}
"""By the job's status; in every other one it waits for another run."""
_SENDING = "a job is sent without its trace"
_RUNNING = "a job's run is not traced"
_running: ContextVar[Run | None] = ContextVar("overlap_rq_run", default=None)


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
        ("perform", _perform),
    ):
        undo.callback(replace_method(module.Job, name, make))


def _instrument_queue(module: ModuleType, undo: ExitStack) -> None:
    # Each may be the first that is called for a job, and calls one of the next.
    for name in ("enqueue_job", "schedule_job", "_enqueue_job"):
        undo.callback(replace_method(module.Queue, name, _enqueue))
    undo.callback(replace_method(module.Queue, "run_sync", _run_sync))


def _instrument_worker(module: ModuleType, undo: ExitStack, send_last: Callable[[], None]) -> None:
    def perform_job(stock: Callable[..., Any]) -> Callable[..., Any]:
        return _perform_job(stock, send_last)

    # One of rq 2 has them in Worker, one of rq 3 in its base.
    for worker in (module.BaseWorker, module.Worker):
        for name, make in (
            ("perform_job", perform_job),
            ("handle_exception", _handle_exception),
            ("handle_job_failure", _handle_job_failure),
        ):
            if name in vars(worker):
                undo.callback(replace_method(worker, name, make))


def _message(job: Any, queue: str = "") -> Message:
    return Message("rq", str(job.func_name), str(job.id), str(queue or job.origin or ""))


# Where it is sent:


def _enqueue(stock: Callable[..., Any]) -> Callable[..., Any]:
    def enqueue(queue: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        if _NOTE in vars(job):
            return stock(queue, job, *args, **kwargs)
        with messages.sending("enqueue", _message, job, queue.name):
            guarded(_SENDING, _add_note, job)
            return stock(queue, job, *args, **kwargs)

    return enqueue


def _save(stock: Callable[..., Any]) -> Callable[..., Any]:
    def save(job: Any, *args: Any, **kwargs: Any) -> Any:
        # `enqueue_many` only stores those that wait for another job.
        if guarded(_SENDING, _is_new_and_deferred, job) is not True:
            return stock(job, *args, **kwargs)
        with messages.sending("enqueue", _message, job):
            guarded(_SENDING, _add_note, job)
            return stock(job, *args, **kwargs)

    return save


def _is_new_and_deferred(job: Any) -> bool:
    return _NOTE not in vars(job) and job.get_status(refresh=False) == "deferred"


def _add_note(job: Any) -> None:
    vars(job)[_NOTE] = {"carrier": messages.carrier(), "tries": 0}


def _to_dict(stock: Callable[..., Any]) -> Callable[..., Any]:
    def to_dict(job: Any, *args: Any, **kwargs: Any) -> Any:
        fields = stock(job, *args, **kwargs)
        if (note := vars(job).get(_NOTE)) is not None:
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
        vars(job)[_NOTE] = {"carrier": dict(note["carrier"]), "tries": int(note["tries"])}


# Where it runs:


def _perform_job(stock: Callable[..., Any], send_last: Callable[[], None]) -> Callable[..., Any]:
    traced = _traced(stock, _run)

    def perform_job(worker: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return traced(worker, job, *args, **kwargs)
        finally:
            if worker.is_horse:  # which ends by os._exit
                guarded("the telemetry of a job is not sent", send_last)

    return perform_job


def _run_sync(stock: Callable[..., Any]) -> Callable[..., Any]:
    return _traced(stock, _run)


def _traced(stock: Callable[..., Any], make: Callable[..., Run]) -> Callable[..., Any]:
    """Return a method of a worker or a queue in which the run `make(job, **named)` takes place."""

    def perform(owner: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        run = guarded(_RUNNING, make, job, **kwargs)
        if run is None:
            return stock(owner, job, *args, **kwargs)
        with run:
            token = _running.set(run)
            try:
                return stock(owner, job, *args, **kwargs)
            finally:
                _running.reset(token)
                guarded("a job's end is not recorded", _set_state, run, job)

    return perform


def _run(job: Any, start_ns: int | None = None, **_: Any) -> Run:
    note = vars(job).get(_NOTE, {})
    tries = note.get("tries", 0)
    if note:
        note["tries"] = tries + 1
    return Run(_message(job), note.get("carrier"), retries=tries, start_ns=start_ns)


def _killed_run(job: Any, exc_string: str = "", **_: Any) -> Run:
    """Return the run of a job whose work horse has ended without handling it."""
    run = _run(job, int(job.started_at.timestamp() * 1e9) if job.started_at else None)
    run.reason = exc_string.strip("; ")
    return run


def _set_state(run: Run, job: Any) -> None:
    run.state = _ENDS.get(job.get_status(refresh=False), names.QUEUE_RETRY)
    is_failure = run.error is not None or run.reason or _asks_for_retry(job)
    if run.state == names.QUEUE_RETRY and not is_failure:
        run.state = names.QUEUE_DONE  # it is repeated


def _asks_for_retry(job: Any) -> bool:
    from rq.job import Retry

    return isinstance(job._result, Retry)


def _perform(stock: Callable[..., Any]) -> Callable[..., Any]:
    def perform(job: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return stock(job, *args, **kwargs)
        except BaseException as error:
            _set_error(error)
            raise

    return perform


def _handle_exception(stock: Callable[..., Any]) -> Callable[..., Any]:
    def handle_exception(worker: Any, job: Any, *exc_info: Any) -> Any:
        # A callback's exception, too: it takes the place of the job's own.
        _set_error(exc_info[1] if len(exc_info) > 1 else None)
        return stock(worker, job, *exc_info)

    return handle_exception


def _set_error(error: BaseException | None) -> None:
    if (run := _running.get()) is not None:
        run.error = error


def _handle_job_failure(stock: Callable[..., Any]) -> Callable[..., Any]:
    killed = _traced(stock, _killed_run)

    def handle_job_failure(worker: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        # Where the job is performed, its run goes on until this has been done.
        handle = stock if _running.get() is not None else killed
        return handle(worker, job, *args, **kwargs)

    return handle_job_failure
