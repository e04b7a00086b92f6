"""Template rendering, by Django's own engine and by Jinja2's backend: the outermost templates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import partial
from typing import Any

from overlap import names
from overlap.instrument.framework.slow_parts import SlowParts
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded, hide_frames
from overlap.runtime.when_imported import when_imported

_WHAT = "a template is not timed"
_inside: ContextVar[bool] = ContextVar("overlap_inside_template", default=False)


def instrument_templates() -> Callable[[], None]:
    """Time each rendering through a backend; return a function that undoes it."""
    undo = ExitStack()
    for backend in ("django.template.backends.django", "django.template.backends.jinja2"):
        undo.callback(when_imported(backend, _patch))
    return undo.close


def _patch(module: Any, undo: ExitStack) -> None:
    parts = SlowParts(names.SPAN_TEMPLATE, names.TEMPLATE_RENDERS, names.TEMPLATE_MS)

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def render(self: Any, *args: Any, **named: Any) -> Any:
            if _inside.get():  # a form's widget, or an inclusion tag
                try:
                    return stock(self, *args, **named)
                except BaseException as error:
                    hide_frames(error)
                    raise
            name = guarded(_WHAT, _name, self) or ""
            token = _inside.set(True)
            try:
                with parts.part(name, partial(_attributes, name)):
                    return stock(self, *args, **named)
            finally:
                _inside.reset(token)

        return render

    undo.callback(replace_method(module.Template, "render", make))


def _name(template: Any) -> str:
    name = getattr(template.template, "name", None)
    return str(name or "(from a string)")


def _attributes(name: str) -> dict[str, str]:
    return {names.TEMPLATE_NAME: name}
