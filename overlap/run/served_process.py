"""Instrument the process that serves, under `overlap run`, before Django creates its application.

A process that only supervises others is not instrumented. The reloaders of uvicorn and Django
import no application; gunicorn with --preload and hypercorn with --reload do, and are recognized.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

from overlap.run.command import BOOTSTRAP
from overlap.run.management_command import instrument_commands
from overlap.run.process_notes import Notes
from overlap.run.workers import (
    instrument_celery,
    instrument_dramatiq,
    instrument_huey,
    instrument_rq,
)

_seen_django = False


def patch(module: Any) -> None:
    """Patch a module that the bootstrap waits for, when it has been imported."""
    match module.__name__:
        case "django.core.asgi":
            _patch_entry_point(module, "get_asgi_application", is_async=True)
        case "django.core.wsgi":
            _patch_entry_point(module, "get_wsgi_application", is_async=False)
        case "django.core.management.base":
            instrument_commands(module, _switch_on)
        case "dramatiq.worker":
            instrument_dramatiq(module, _switch_on)
        case "huey.consumer":
            instrument_huey(module, _switch_on)
        case "rq.worker":
            instrument_rq(module, _switch_on)
        case "celery.apps.worker":
            instrument_celery(module, _switch_on)
        case "uvicorn.config":
            # Not load_app: with --factory, there is no application yet after it.
            _check_after(module.Config, "load", lambda self: str(self.app))
        case "hypercorn.utils":
            _check_after(module, "load_application", lambda path, *_: str(path))
        case "opentelemetry.instrumentation.auto_instrumentation":
            _keep_bootstrap_first(module)
        case "granian._internal":
            _check_after(module, "load_target", lambda target, *_, **__: str(target))


def _patch_entry_point(module: Any, name: str, *, is_async: bool) -> None:
    original = getattr(module, name)

    @wraps(original)
    def get_application() -> Any:
        global _seen_django  # noqa: PLW0603  one process
        _seen_django = True
        if _is_in_supervisor(sys._getframe()):
            application = original()
            _instrument_in_children(application, is_async)
            return application
        _switch_on()
        return original()

    setattr(module, name, get_application)


def _switch_on() -> None:
    import overlap
    from overlap.instrument.environment import project_name
    from overlap.instrument.setup import active

    notes = Notes.of_environment()
    overlap.instrument()
    notes.serving(project_name() or "")
    instrumentation = active()
    if instrumentation is not None:
        telemetry = instrumentation.telemetry
        telemetry.when_arrived(lambda: notes.arrived(telemetry.service_name))


def _keep_bootstrap_first(module: Any) -> None:
    """Keep the bootstrap first on PYTHONPATH when `opentelemetry-instrument` starts the command.

    It puts its own sitecustomize before ours, and Python imports only the first one. Ours imports
    the next.
    """
    execute = module.execl

    @wraps(execute)
    def execl(*args: Any) -> None:
        bootstrap = str(BOOTSTRAP)
        paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        others = [path for path in paths if path and path != bootstrap]
        os.environ["PYTHONPATH"] = os.pathsep.join([bootstrap, *others])
        execute(*args)

    module.execl = execl


def _instrument_in_children(application: Any, is_async: bool) -> None:
    """Instrument each forked process, and load the application's middleware again there."""
    parent = os.getpid()

    def begin() -> None:
        if os.getppid() == parent:
            _switch_on()
            application.load_middleware(**({"is_async": True} if is_async else {}))

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin)


def _is_in_supervisor(frame: FrameType | None) -> bool:
    """Return whether this process, which loads the application, only starts those that serve."""
    called = ("", "")
    while frame is not None:
        caller = (str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        if caller == ("gunicorn.arbiter", "setup"):  # --preload
            return True
        if caller == ("hypercorn.run", "run") and called[1] == "load_application":  # --reload
            return True
        if caller[0] != __name__:  # our wrapper of a server's function is not its caller
            called = caller
        frame = frame.f_back
    return False


def _check_after(owner: Any, name: str, application: Callable[..., str]) -> None:
    """Refuse the command if a server has loaded an application that is not Django's."""
    original = getattr(owner, name)

    @wraps(original)
    def load(*args: Any, **kwargs: Any) -> Any:
        loaded = original(*args, **kwargs)
        if not _seen_django:
            Notes.of_environment().refuse(
                f"{application(*args, **kwargs)} is not a Django application, and only the "
                "requests of Django can be shown"
            )
        return loaded

    setattr(owner, name, load)
