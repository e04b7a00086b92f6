"""What `overlap run` does in the process that serves: instrument() before Django's application.

Never in a process that only supervises others: uvicorn's and Django's reloaders import no
application; gunicorn with --preload and hypercorn with --reload do, and are recognized here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

from overlap.run.command import BOOTSTRAP
from overlap.run.process_notes import Notes

COMMON = frozenset({"config", "conf", "settings", "core", "project", "src"})
"""Packages of settings whose name does not name the project."""

_seen_django = False


def patch(module: Any) -> None:
    """Change one of the modules that the bootstrap waits for, just imported."""
    match module.__name__:
        case "django.core.asgi":
            _patch_door(module, "get_asgi_application", is_async=True)
        case "django.core.wsgi":
            _patch_door(module, "get_wsgi_application", is_async=False)
        case "uvicorn.config":
            # Not load_app, before which a --factory has made none.
            _check_after(module.Config, "load", lambda self: str(self.app))
        case "hypercorn.utils":
            _check_after(module, "load_application", lambda path, *_: str(path))
        case "opentelemetry.instrumentation.auto_instrumentation":
            _stay_first(module)
        case "granian._internal":
            _check_after(module, "load_target", lambda target, *_, **__: str(target))


def service_name() -> str:
    """The project's name: its settings' package, or its folder's where that says nothing."""
    package = os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]
    return Path.cwd().name if not package or package in COMMON else package


def _patch_door(module: Any, name: str, *, is_async: bool) -> None:
    original = getattr(module, name)

    @wraps(original)
    def get_application() -> Any:
        global _seen_django  # noqa: PLW0603  one process
        _seen_django = True
        if _only_watches(sys._getframe()):
            application = original()
            _once_forked(application, is_async)
            return application
        _switch_on()
        return original()

    setattr(module, name, get_application)


def _switch_on() -> None:
    import overlap
    from overlap.instrument.setup import active

    notes, name = Notes.of_environment(), service_name()
    overlap.instrument(service_name=name)
    notes.serving(name)
    instrumentation = active()
    if instrumentation is not None:
        telemetry = instrumentation.telemetry
        telemetry.when_arrived(lambda: notes.arrived(telemetry.service_name))


def _stay_first(module: Any) -> None:
    """Let the bootstrap stand first where `opentelemetry-instrument` starts the command.

    It puts its own sitecustomize before ours, and Python imports one: ours imports its.
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


def _once_forked(application: Any, is_async: bool) -> None:
    """An application made before the fork has loaded its middleware: it does so again."""
    parent = os.getpid()

    def begin() -> None:
        if os.getppid() == parent:
            _switch_on()
            application.load_middleware(**({"is_async": True} if is_async else {}))

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin)


def _only_watches(frame: FrameType | None) -> bool:
    """Whether an application is being loaded in the parent of the processes that serve."""
    called = ("", "")
    while frame is not None:
        caller = (str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        if caller == ("gunicorn.arbiter", "setup"):  # --preload
            return True
        if caller == ("hypercorn.run", "run") and called[1] == "load_application":  # --reload
            return True
        if caller[0] != __name__:  # what stands around a server's function here is not its caller
            called = caller
        frame = frame.f_back
    return False


def _check_after(owner: Any, name: str, application: Callable[..., str]) -> None:
    """Say so where a server has loaded an application, and Django had no part in it."""
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
