"""A change to the source as a unified diff: calls in a row become one `asyncio.gather`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from difflib import unified_diff
from typing import Final

from overlap.proof.function_source import Function
from overlap.proof.independence import AwaitedCall

MOST_COLUMNS: Final = 88
MOST_LINES: Final = 200
"""A longer diff is not shown."""


def gather_diff(function: Function, calls: Sequence[AwaitedCall]) -> str:
    """Return the diff; empty if the calls do not stand on lines of their own."""
    lines = function.source.splitlines(keepends=True)
    if not all(_has_own_lines(lines, each.statement) for each in calls):
        return ""
    changed = lines[:]
    for call in reversed(calls[1:]):
        del changed[call.statement.lineno - 1 : call.statement.end_lineno]
    first = calls[0].statement
    changed[first.lineno - 1 : first.end_lineno] = _gather(function, calls)
    if not _imports_asyncio(function.module):
        changed.insert(_after_docstring(function.module), "import asyncio\n")
    new = "".join(changed)
    try:
        ast.parse(new)
    except SyntaxError:
        return ""
    path = function.path
    found = [*unified_diff(lines, changed, f"a/{path}", f"b/{path}", n=2)]
    return "".join(found) if len(found) <= MOST_LINES else ""


def _gather(function: Function, calls: Sequence[AwaitedCall]) -> list[str]:
    def text(node: ast.AST) -> str:
        return ast.get_source_segment(function.source, node) or ast.unparse(node)

    indent = " " * calls[0].statement.col_offset
    targets = [text(each.target) if each.target is not None else "_" for each in calls]
    assigned = f"{', '.join(targets)} = " if set(targets) != {"_"} else ""
    called = [text(each.call) for each in calls]
    line = f"{indent}{assigned}await asyncio.gather({', '.join(called)})\n"
    if len(line) <= MOST_COLUMNS and line.count("\n") == 1:
        return [line]
    inner = [f"{indent}    {each},\n" for each in called]
    text_of_all = "".join([f"{indent}{assigned}await asyncio.gather(\n", *inner, f"{indent})\n"])
    return text_of_all.splitlines(keepends=True)


def _has_own_lines(lines: Sequence[str], statement: ast.stmt) -> bool:
    first, last = lines[statement.lineno - 1], lines[(statement.end_lineno or 0) - 1]
    before = first.encode()[: statement.col_offset].decode()
    after = last.encode()[statement.end_col_offset :].decode().strip()
    return not before.strip() and not after


def _imports_asyncio(module: ast.Module) -> bool:
    return any(
        alias.name == "asyncio" and alias.asname is None
        for node in module.body
        if isinstance(node, ast.Import)
        for alias in node.names
    )


def _after_docstring(module: ast.Module) -> int:
    """Return the number of lines before the first one that may be an import."""
    line = 0
    for node in module.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_docstring or is_future):
            decorators = getattr(node, "decorator_list", ())
            first: int = min([node.lineno, *(each.lineno for each in decorators)])
            return first - 1
        line = node.end_lineno or line
    return line
