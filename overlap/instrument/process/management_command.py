"""Trace management commands: a root span for each, `manage.py NAME`, whatever way it ends.

A command that runs until it is stopped has none, as it would be a trace of hours: Django's
servers, whose requests are traces; workers, whose jobs are; shells. OVERLAP_LONG_COMMANDS adds
others. At SIGTERM, which ends Python at once, the last telemetry is sent first.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from overlap import names
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import CurrentSpan, guarded, hide_frames
from overlap.runtime.stop_signals import end_by_sigterm, is_sigterm_default
from overlap.runtime.when_imported import when_imported

SERVERS = frozenset({"runserver", "runserver_plus", "testserver"})
WORKERS = frozenset(
    {
        "celery",
        "db_worker",
        "process_tasks",
        "procrastinate",
        "qcluster",
        "rqscheduler",
        "rqworker",
        "rqworker-pool",
        "run_huey",
        "rundramatiq",
        "runworker",
    }
)
SHELLS = frozenset({"dbshell", "shell", "shell_plus", "test"})
"""`test` is one of them: a suite is looked at request by request, by the fixture `traced`."""
LONG_COMMANDS = "OVERLAP_LONG_COMMANDS"
FLUSH_S = 5.0
"""Seconds at SIGTERM until the process ends, even if the last telemetry was not sent."""
_SCOPE = "overlap.instrument.commands"
_WHAT = "a management command is not traced"
_running: list[bool] = []
"""Whether a command runs: those that it calls have no root span of their own."""


def command_name(command: Any) -> str:
    """Return a command's name: that of its module."""
    return type(command).__module__.rpartition(".")[2]


def runs_long(name: str) -> bool:
    """Return whether this command runs until it is stopped."""
    listed = {each.strip() for each in os.environ.get(LONG_COMMANDS, "").split(",")}
    return name in SERVERS | WORKERS | SHELLS | listed


def trace_management_commands(shutdown: Callable[[], None]) -> Callable[[], None]:
    """Trace commands from the command line; return a function that undoes it.

    shutdown: sends the last telemetry.
    """

    def instrument(module: ModuleType, undo: ExitStack) -> None:
        def make(stock: Callable[..., Any]) -> Callable[..., Any]:
            def execute(command: Any, *args: Any, **options: Any) -> Any:
                called = getattr(command, "_called_from_command_line", False)
                try:
                    if not called or _running:
                        return stock(command, *args, **options)
                    return _execute(stock, shutdown, command, args, options)
                except BaseException as error:
                    hide_frames(error)
                    raise

            return execute

        undo.callback(replace_method(module.BaseCommand, "execute", make))

    return when_imported("django.core.management.base", instrument)


def _execute(
    stock: Callable[..., Any],
    shutdown: Callable[[], None],
    command: Any,
    args: Any,
    options: Any,
) -> Any:
    name = command_name(command)
    span = None if runs_long(name) else guarded(_WHAT, _start_span, name)
    undo = guarded(_WHAT, _on_sigterm, span, shutdown) if name not in SERVERS else None
    _running.append(True)
    try:
        with CurrentSpan(_WHAT, span):
            try:
                result = stock(command, *args, **options)
            except BaseException as error:
                guarded(_WHAT, _record_end, span, error)
                raise
            guarded(_WHAT, _record_end, span, None)
            return result
    finally:
        _running.clear()
        if undo is not None:
            guarded(_WHAT, undo)


def _start_span(name: str) -> Span:
    return trace.get_tracer(_SCOPE).start_span(
        names.command_span(name), Context(), attributes={names.COMMAND: name}
    )


def _record_end(span: Span | None, error: BaseException | None) -> None:
    if span is None:
        return
    if isinstance(error, KeyboardInterrupt):
        span.set_attribute(names.CANCELLED, True)
        return
    code = _exit_code(error)
    span.set_attribute(names.PROCESS_EXIT_CODE, code)
    if code and isinstance(error, SystemExit):
        span.set_status(Status(StatusCode.ERROR, f"exit code {code}"))


def _exit_code(error: BaseException | None) -> int:
    """Return the process's exit code, as Django and Python make it of what a command raises."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return int(getattr(error, "returncode", 1))


def _on_sigterm(span: Span | None, shutdown: Callable[[], None]) -> Callable[[], None] | None:
    """Send the last telemetry at SIGTERM, unless the command handles it; return the undoing."""
    if not is_sigterm_default():
        return None
    process = os.getpid()

    def send_last() -> None:
        if span is not None:
            span.set_attribute(names.CANCELLED, True)
            span.end()
        shutdown()

    def terminate(_number: int, _frame: object) -> None:
        if os.getpid() == process:  # a forked worker ends as it would have
            # In a thread: what was interrupted here may hold a lock that sending needs.
            sender = threading.Thread(target=send_last, name="overlap-sigterm", daemon=True)
            sender.start()
            sender.join(FLUSH_S)
        end_by_sigterm()

    def restore() -> None:
        if signal.getsignal(signal.SIGTERM) is terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, terminate)
    return restore
