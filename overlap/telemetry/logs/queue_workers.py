"""What workers of task queues log of a task, without what it was called with.

dramatiq logs the message of each call that fails, `pay('4111…')`; rq the call of each job; both rq
and django-q2 the stack of an exception as text.
"""

from __future__ import annotations

import logging
import re
from copy import copy

from overlap import names
from overlap.telemetry.export import secrets

_STACK = "Traceback (most recent call last):"
_CALL = re.compile(r"((?:\x1b\[[\d;]*m)*[\w.<>]+)\(.*\)", re.DOTALL)
_FAILED = re.compile(r"(Failed '.*?' \(.*?\) - ).*? : (?=Traceback \()", re.DOTALL)


def text_of(record: logging.LogRecord) -> str:
    """Return the text of a record, for the export."""
    if record.name.startswith(("dramatiq.", "rq.")) and isinstance(record.args, tuple):
        record = copy(record)
        record.args = tuple(map(_bare, record.args or ()))
    text = record.getMessage()
    if secrets.current.messages or _STACK not in text:
        return text
    if record.name == "django-q":
        text = _FAILED.sub(r"\1", text)
    before, stack, after = text.partition(_STACK)
    return before + secrets.current.without(names.EXCEPTION_STACKTRACE, stack + after)


def _bare(argument: object) -> object:
    if hasattr(argument, "actor_name"):
        return f"{argument.actor_name} {getattr(argument, 'message_id', '')}"
    if isinstance(argument, str) and (call := _CALL.match(argument)):
        return call[1] + argument[call.end() :]
    return argument
