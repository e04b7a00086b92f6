"""Mail: a span for each hand-over of messages to a backend, without addresses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from overlap import names
from overlap.instrument.framework.amounts import recording_span
from overlap.instrument.framework.class_patches import ClassPatches
from overlap.instrument.framework.slow_parts import start_span
from overlap.runtime.guard import CurrentSpan, guarded, hide_frames
from overlap.runtime.when_imported import when_imported

_WHAT = "mail is not traced"


class _Here(threading.local):
    backend: Any = None


_here = _Here()


def instrument_mail() -> Callable[[], None]:
    """Trace the sending of mail by each backend; return a function that undoes it."""
    return when_imported("django.core.mail.backends.base", _patch)


def _patch(module: Any, undo: ExitStack) -> None:
    patches = ClassPatches(("send_messages",), _wrapped)
    undo.callback(patches.undo)
    undo.callback(patches.patch_new(module.BaseEmailBackend, _WHAT))


def _wrapped(_name: str, stock: Callable[..., Any]) -> Callable[..., Any]:
    def send_messages(self: Any, email_messages: Any, *args: Any, **named: Any) -> Any:
        outer, _here.backend = _here.backend, self
        try:
            if outer is self:  # super().send_messages()
                return stock(self, email_messages, *args, **named)
            return send(self, email_messages, *args, **named)
        except BaseException as error:
            hide_frames(error)
            raise
        finally:
            _here.backend = outer

    def send(self: Any, email_messages: Any, *args: Any, **named: Any) -> Any:
        with CurrentSpan(_WHAT, guarded(_WHAT, _start, self, email_messages)):
            return stock(self, email_messages, *args, **named)

    return send_messages


def _start(backend: Any, messages: Any) -> Any:
    if recording_span() is None:
        return None
    cls = type(backend)
    attributes: dict[str, str | int] = {names.MAIL_BACKEND: f"{cls.__module__}.{cls.__qualname__}"}
    if isinstance(messages, list | tuple):  # an iterator would be used up
        attributes[names.MAIL_MESSAGES] = len(messages)
        attributes[names.MAIL_RECIPIENTS] = sum(len(each.recipients()) for each in messages)
    return start_span(names.SPAN_MAIL, attributes)
