"""The runs of rq's jobs: in a work horse, in the worker itself, or where they are sent.

rq's usual worker forks a process for each job, a work horse, which ends by `os._exit`: it sends
its telemetry after the job. Of one that was killed, the worker above it sends the run.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from overlap import names
from overlap.instrument.queues.messages import Message, Run
from overlap.runtime.guard import guarded

NOTE = "_overlap_note"
"""A job's attribute with the field of its hash: a dict with `carrier` and `tries`."""
_ENDS = {
    "finished": names.QUEUE_DONE,
    "failed": names.QUEUE_FAILED,
    "stopped": names.QUEUE_REVOKED,
    "canceled": names.QUEUE_REVOKED,
}
"""By the job's status; in every other one it waits for another run."""
_RUNNING = "a job's run is not traced"
_running: ContextVar[Run | None] = ContextVar("overlap_rq_run", default=None)


def message_of(job: Any, queue: str = "") -> Message:
    """Return the message of a job, which its queue or its own field names."""
    return Message("rq", str(job.func_name), str(job.id), str(queue or job.origin or ""))


def perform_job(stock: Callable[..., Any], send_last: Callable[[], None]) -> Callable[..., Any]:
    """Return a worker's method that performs a job as a run, and sends a work horse's telemetry."""
    traced = _traced(stock, _run)

    def perform_job(worker: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return traced(worker, job, *args, **kwargs)
        finally:
            if worker.is_horse:  # which ends by os._exit
                guarded("the telemetry of a job is not sent", send_last)

    return perform_job


def run_sync(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a queue's method that performs a job where it is sent."""
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
    note = vars(job).get(NOTE, {})
    tries = note.get("tries", 0)
    if note:
        note["tries"] = tries + 1
    return Run(message_of(job), note.get("carrier"), retries=tries, start_ns=start_ns)


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


def perform(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a job's method that notes what its function raises."""

    def perform(job: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return stock(job, *args, **kwargs)
        except BaseException as error:
            _set_error(error)
            raise

    return perform


def handle_exception(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a worker's method that notes why a job failed."""

    def handle_exception(worker: Any, job: Any, *exc_info: Any) -> Any:
        # A callback's exception, too: it takes the place of the job's own.
        _set_error(exc_info[1] if len(exc_info) > 1 else None)
        return stock(worker, job, *exc_info)

    return handle_exception


def _set_error(error: BaseException | None) -> None:
    if (run := _running.get()) is not None:
        run.error = error


def handle_job_failure(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Return a worker's method that sends the run of a job whose work horse was killed."""
    killed = _traced(stock, _killed_run)

    def handle_job_failure(worker: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        # Where the job is performed, its run goes on until this has been done.
        handle = stock if _running.get() is not None else killed
        return handle(worker, job, *args, **kwargs)

    return handle_job_failure
