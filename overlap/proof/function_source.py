"""Find the function that a piece of advice is about, in the source of a project."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

MOST_BYTES: Final = 2_000_000
"""A longer file is no code that someone wrote."""
BOM: Final = "\ufeff"
"""The byte order mark with which some editors begin a file."""
_PLACE = re.compile(r"(.+?):(\d{1,9})(?: in .*)?")
Block: TypeAlias = list[ast.stmt]


@dataclass(frozen=True, slots=True)
class Function:
    """An async function of a source file."""

    path: str
    """From the source folder."""
    source: str
    module: ast.Module
    node: ast.AsyncFunctionDef

    def blocks(self) -> Iterator[tuple[Block, bool]]:
        """Yield each list of statements in it, and whether it is in one transaction."""
        yield from _blocks(self.node.body, inside=False)


def function_at(folder: Path, place: str) -> Function | None:
    """Return the async function at `app/views.py:14 in smoke`; None if it is not in the folder."""
    if (match := _PLACE.fullmatch(place)) is None or (path := _find(folder, match[1])) is None:
        return None
    try:
        about = path.stat()
        if about.st_size > MOST_BYTES:
            return None
        source, module = _parsed(path, about.st_mtime_ns, about.st_size)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    node = _innermost(module, int(match[2]))
    if not isinstance(node, ast.AsyncFunctionDef):
        return None
    return Function(path.relative_to(folder.resolve()).as_posix(), source, module, node)


@lru_cache(32)  # a survey asks for the same files, trace by trace
def _parsed(path: Path, _changed_ns: int, _size: int) -> tuple[str, ast.Module]:
    with path.open(encoding="utf-8", newline="") as file:  # line ends as they are: for the diff
        source = file.read()
    return source, ast.parse(source.removeprefix(BOM))


def _find(folder: Path, name: str) -> Path | None:
    """Return the file of that path in the folder, or of a part of it: never one outside."""
    top = folder.resolve()
    parts = Path(name).parts
    for first in range(len(parts)):
        try:
            found = top.joinpath(*parts[first:]).resolve()
            if found.is_file() and found.is_relative_to(top):
                return found
        except (OSError, ValueError, RuntimeError):
            return None
    return None


def _innermost(module: ast.Module, line: int) -> ast.AST | None:
    found: ast.AST | None = None
    for node in ast.walk(module):  # outer ones first
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line <= (node.end_lineno or node.lineno):
                found = node
    return found


def _blocks(body: Block, *, inside: bool) -> Iterator[tuple[Block, bool]]:
    yield body, inside
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        within = inside or (
            isinstance(statement, ast.With | ast.AsyncWith)
            and any(_is_atomic(item.context_expr) for item in statement.items)
        )
        for name in ("body", "orelse", "finalbody"):
            if inner := getattr(statement, name, None):
                yield from _blocks(inner, inside=within)
        for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _blocks(handler.body, inside=within)


def _is_atomic(expression: ast.expr) -> bool:
    """Return whether a context manager is a transaction: Django's `atomic`, or `x.begin()`."""
    called = expression.func if isinstance(expression, ast.Call) else expression
    name = getattr(called, "attr", getattr(called, "id", ""))
    return name in {"atomic", "aatomic", "transaction", "begin", "begin_nested"}
