"""Python imports this module when it starts: `overlap run` puts its folder first on PYTHONPATH.

It runs in every Python process of the command, with or without Django, so it imports nothing
until one of the modules below is imported. The project's own sitecustomize is imported, too.
"""

from __future__ import annotations

import importlib.util
import os
import sys

if False:  # typing is slow to import
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  pathlib is slow to import
_PATCHED = (
    "django.core.asgi",
    "django.core.wsgi",
    "django.core.management.base",
    # Workers of task queues.
    "celery.apps.worker",
    "dramatiq.worker",
    "huey.consumer",
    "rq.worker",
    # Servers load an application here; if it is not Django's, the command is refused.
    "uvicorn.config",
    "hypercorn.utils",
    "granian._internal",
    # opentelemetry-instrument, which starts the command with a sitecustomize of its own.
    "opentelemetry.instrumentation.auto_instrumentation",
)


class _Finder:
    """Finds no module itself, but patches a few modules when they are loaded."""

    def __init__(self) -> None:
        self._looking: set[str] = set()

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of the other finders, with a loader that patches the module."""
        if name not in _PATCHED or name in self._looking:
            return None
        self._looking.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking.discard(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _patch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _patch(module: ModuleType) -> None:
    try:
        from overlap.run.served_process import patch

        patch(module)
    except ImportError as error:
        _refuse(
            f"Overlap is not installed for {sys.executable}, which serves: install it there "
            f"({error})"
        )


def _refuse(sentence: str) -> None:
    folder = os.environ.get("OVERLAP_RUN", "")
    if os.path.isdir(folder):  # noqa: PTH112
        with open(os.path.join(folder, "refused"), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
            file.write(sentence)


def _import_next_sitecustomize() -> None:
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]  # noqa: PTH100
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


sys.meta_path.insert(0, _Finder())
_import_next_sitecustomize()
