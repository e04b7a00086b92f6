"""A change to the source as a unified diff: calls in a row become one `asyncio.gather`."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from difflib import unified_diff
from typing import Final

from overlap.proof.function_source import BOM, Function
from overlap.proof.independence import AwaitedCall

MOST_COLUMNS: Final = 88
MOST_LINES: Final = 200
"""A longer diff is not shown."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""A line as Python counts them: str.splitlines() ends one at a form feed or U+2028, too."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def gather_diff(function: Function, calls: Sequence[AwaitedCall]) -> str:
    """Return the diff; empty if the calls do not stand on lines of their own."""
    lines = _LINE.findall(function.source.removeprefix(BOM))
    if not all(_has_own_lines(lines, each.statement) for each in calls):
        return ""
    if any(not isinstance(each.ctx, ast.Load) for each in _names(function.module, "asyncio")):
        return ""  # it is something else there
    changed = lines[:]
    for call in reversed(calls[1:]):
        del changed[call.statement.lineno - 1 : call.statement.end_lineno]
    first = calls[0].statement
    indent = _indent(lines, first)
    gathered = [line.replace("\n", _line_end(lines)) for line in _gather(function, calls, indent)]
    changed[first.lineno - 1 : first.end_lineno] = gathered
    if not _imports_asyncio(function.module):
        changed.insert(_after_docstring(function.module), f"import asyncio{_line_end(lines)}")
    new = "".join(changed)
    try:
        ast.parse(new)
    except SyntaxError:
        return ""
    path = function.path
    if function.source.startswith(BOM):
        lines[0], changed[0] = BOM + lines[0], BOM + changed[0]
    found = [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(lines, changed, f"a/{path}", f"b/{path}", n=2)
    ]
    return "".join(found) if len(found) <= MOST_LINES else ""


def _gather(function: Function, calls: Sequence[AwaitedCall], indent: str) -> list[str]:
    def text(node: ast.AST) -> str:
        source = ast.get_source_segment(function.source, node) or ast.unparse(node)
        return "\n".join(_LINE_END.split(source))

    def target(node: ast.AST) -> str:
        # Each with its parentheses: `x, y = await one()` is one of several results now.
        if isinstance(node, ast.Tuple):
            return f"({', '.join(map(target, node.elts))}{',' * (len(node.elts) == 1)})"
        return text(node)

    none = "_unused" if _names(function.module, "_") else "_"  # gettext, in Django's projects
    targets = [target(each.target) if each.target is not None else none for each in calls]
    assigned = f"{', '.join(targets)} = " if set(targets) != {none} else ""
    called = [text(each.call) for each in calls]
    line = f"{indent}{assigned}await asyncio.gather({', '.join(called)})\n"
    if len(line) <= MOST_COLUMNS and line.count("\n") == 1:
        return [line]
    inner = [f"{indent}    {each},\n" for each in called]
    text_of_all = "".join([f"{indent}{assigned}await asyncio.gather(\n", *inner, f"{indent})\n"])
    return _LINE.findall(text_of_all)


def _indent(lines: Sequence[str], statement: ast.stmt) -> str:
    return lines[statement.lineno - 1].encode()[: statement.col_offset].decode()


def _line_end(lines: Sequence[str]) -> str:
    return "\r\n" if lines[0].endswith("\r\n") else "\n"


def _has_own_lines(lines: Sequence[str], statement: ast.stmt) -> bool:
    first, last = lines[statement.lineno - 1], lines[(statement.end_lineno or 0) - 1]
    before = first.encode()[: statement.col_offset].decode()
    after = last.encode()[statement.end_col_offset :].decode().strip()
    return not before.strip() and not after


def _names(module: ast.Module, name: str) -> list[ast.Name]:
    nodes = ast.walk(module)
    return [node for node in nodes if isinstance(node, ast.Name) and node.id == name]


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
