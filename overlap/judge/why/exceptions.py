"""Sentences about exceptions whose message does not say what to do instead, nor where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import clean
from overlap.judge.trace_context import TraceContext
from overlap.trace.model import Event

_FRAME: Final = re.compile(
    r'^ *File "([^"\n]{1,500})", line (\d{1,9}), in (\S{1,200})(?:\n +(\S[^\n]{0,1000}))?', re.M
)
_NOT_USERS: Final = (
    "-packages/", "/lib/python3", "<frozen",
    "/overlap/instrument/", "/overlap/lean/", "/overlap/lens/", "/overlap/runtime/",
)  # fmt: skip
_LAZY: Final = "/related_descriptors.py"
"""Where Django reads a related object when it is first asked for."""
_LONGEST: Final = 200_000
_PATH_PARTS: Final = 3
_METHODS: Final = (
    "aggregate", "bulk_create", "bulk_update", "contains", "count", "create", "delete", "earliest",
    "exists", "explain", "first", "get_or_create", "get", "in_bulk", "last", "latest",
    "refresh_from_db", "save", "update_or_create", "update",
)  # fmt: skip
"""Of querysets and models: each has an async one of the same name with an a before it."""
_CALL: Final = re.compile(rf"\.({'|'.join(_METHODS)})\(")
_LOOP: Final = re.compile(r"\bfor .+ in |\b(?:list|tuple|set|len|bool|sorted)\(")


def reasons(context: TraceContext) -> Iterator[Why]:
    """Yield a sentence for each such exception; one that several spans recorded is said once."""
    found: dict[str, list[int]] = {}
    for index, span in enumerate(context.tree.spans):
        if span.status != "error":
            continue
        for event in span.events:
            if words := _words(event):
                found.setdefault(words, []).append(index)
    for words, indexes in found.items():
        yield Why(f"{context.called(indexes[0])} failed: {words}", context.ids(indexes))


def _words(event: Event) -> str:
    kind = event.attributes.get(names.EXCEPTION_TYPE)
    stack = event.attributes.get(names.EXCEPTION_STACKTRACE)
    stack = stack[-_LONGEST:] if isinstance(stack, str) else ""
    if not isinstance(kind, str):
        return ""
    if kind.endswith("SynchronousOnlyOperation"):
        where, source = _users_line(stack)
        return f"sync code of Django ran in async code{where}: {_instead(source, stack)}"
    message = event.attributes.get(names.EXCEPTION_MESSAGE)
    said = message if isinstance(message, str) else stack
    if kind == "ValueError" and "was created in a different Context" in said:
        where, _ = _users_line(stack)
        return (
            f"a context variable was set in one context and reset in another{where}: set and "
            "reset it in one task (each step of an async generator runs in the context of the "
            "task that asks for it)"
        )
    return ""


def _users_line(stack: str) -> tuple[str, str]:
    """Return ` at file:line in function` of the user's innermost line, and its source."""
    frames = [each for each in _FRAME.finditer(stack) if not _is_library(each[1])]
    if not frames:
        return "", ""
    path, line, function, source = frames[-1].groups()
    short = "/".join(path.split("/")[-_PATH_PARTS:])
    return f" at {clean(f'{short}:{line} in {function}')}", source or ""


def _is_library(path: str) -> bool:
    return any(part in path for part in _NOT_USERS)


def _instead(source: str, stack: str) -> str:
    """Return what to write instead, as far as the line shows it."""
    if call := _CALL.search(source):
        return f"await a{call[1]}() instead of {call[1]}(), or use sync_to_async"
    if _LAZY in stack:
        return "read the related object with the others, by select_related() or prefetch_related()"
    if _LOOP.search(source):
        return "use async for, or sync_to_async"
    return "use its async method (aget, acount, async for …), or sync_to_async"
