"""Where the view of a request is: the file, the line and the name of its function.

Only on spans that the lens measures: advice names the place to change.
"""

from __future__ import annotations

from functools import lru_cache, partial
from types import CodeType
from typing import Any

from opentelemetry.trace import Span

from overlap import names
from overlap.runtime.stack import Line

DEEPEST = 20
"""The most decorators that are looked behind."""


def set_view_code(span: Span, view: Any, method: str) -> None:
    """Set `code.*` of the view on a request's span, if the lens measures it."""
    if getattr(span, "overlap_account", None) is not None:
        span.set_attributes(_attributes(view, method.lower()))


@lru_cache(maxsize=512)
def _attributes(view: Any, method: str) -> dict[str, str | int]:
    code = _code(view, method)
    if code is None:
        return {}
    line = Line(code.co_filename, code.co_firstlineno, code.co_qualname)
    return {
        names.CODE_FILE_PATH: line.path,
        names.CODE_LINE_NUMBER: line.number,
        names.CODE_FUNCTION_NAME: line.function,
    }


def _code(view: Any, method: str) -> CodeType | None:
    """Return the code behind decorators and partials; of a class-based view, of its method."""
    for _ in range(DEEPEST):
        owner = getattr(view, "view_class", None) or getattr(view, "cls", None)
        if owner is not None:
            view = getattr(owner, method, None) or getattr(owner, "dispatch", None)
        elif isinstance(view, partial):
            view = view.func
        elif (inner := getattr(view, "__wrapped__", None)) is not None:
            view = inner
        else:
            break
    code = getattr(view, "__code__", None)
    if code is None:  # an instance that can be called
        code = getattr(vars(type(view)).get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None
