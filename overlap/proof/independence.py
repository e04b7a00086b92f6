"""Whether awaited calls need nothing of each other, decided from the source of their function.

Proven is only what can be read: plain statements in a row, of which each `x = await call()`. A
later call must not read a name that an earlier statement of the row binds or may change: what it
assigns, what it passes to a call, what it calls a method of. And the row must not read or bind what
the later call assigns. What stands between two calls would run after both, so it may only call what
has no effect on them. Everything else (control flow between them, one object handed to both, two
methods of one object) may hide a dependency, and proves nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from overlap.proof.function_source import Block, Function

_SAFE = frozenset({"request"})
"""Handed to everything, and not changed by what it is handed to, as a rule."""
_PURE = frozenset(
    {"bool", "bytes", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "print",
     "range", "repr", "round", "set", "sorted", "str", "sum", "tuple", "zip"}
)  # fmt: skip
_LOGGERS = frozenset({"log", "logger", "logging"})
_PLAIN = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


@dataclass(frozen=True, slots=True)
class AwaitedCall:
    """A statement `x = await call()` or `await call()`."""

    statement: ast.Assign | ast.Expr
    call: ast.Call

    @property
    def name(self) -> str:
        """The last part of the called name: `get` of `client.get(url)`."""
        return str(getattr(self.call.func, "attr", getattr(self.call.func, "id", "")))

    @property
    def target(self) -> ast.expr | None:
        """What the result is assigned to."""
        return self.statement.targets[0] if isinstance(self.statement, ast.Assign) else None


def awaited_call(statement: ast.stmt) -> AwaitedCall | None:
    """Return a statement as an awaited call; None if it is something else, or more."""
    if isinstance(statement, ast.Assign) and len(statement.targets) != 1:
        return None
    if not isinstance(statement, ast.Assign | ast.Expr):
        return None
    value = statement.value
    if not (isinstance(value, ast.Await) and isinstance(value.value, ast.Call)):
        return None
    if any(isinstance(node, ast.Await) for node in ast.walk(value.value)):
        return None
    return AwaitedCall(statement, value.value)


def are_independent(
    function: Function, block: Block, calls: Sequence[AwaitedCall], *, may_share: bool
) -> bool:
    """Return whether no call needs another, or what stands between them.

    may_share: whether methods of one object may run at once: those of a client of HTTP.
    """
    first, last = (block.index(each.statement) for each in (calls[0], calls[-1]))
    if not _is_plain(block[first : last + 1], {each.statement for each in calls}):
        return False
    for number, call in enumerate(calls[1:], start=1):
        before = block[first : block.index(call.statement)]
        ours = {each.statement for each in calls[:number]}
        changed = set[str]()
        for statement in before:
            changed |= _bound(statement)
            if statement not in ours:
                changed |= _touched(statement)
        assigned = set[str]() if call.target is None else _roots(call.target)
        if changed & (_read(call.call) | assigned):
            return False
        if any(assigned & _read(each) for each in before):
            return False
        if any(_share(function, earlier, call, may_share) for earlier in calls[:number]):
            return False
    return True


def _is_plain(row: Block, awaited: set[ast.Assign | ast.Expr]) -> bool:
    """Return whether a row has no control flow, and no effect of what is between the calls."""
    if not all(isinstance(each, _PLAIN) for each in row):
        return False
    if any(isinstance(node, ast.NamedExpr | ast.Yield) for each in row for node in ast.walk(each)):
        return False
    return not any(_may_have_effect(each) for each in row if each not in awaited)


def _may_have_effect(statement: ast.stmt) -> bool:
    """Return whether a statement calls or awaits something that may change what a call finds."""
    nodes = [*ast.walk(statement)]
    if any(isinstance(node, ast.Await | ast.YieldFrom) for node in nodes):
        return True
    return any(isinstance(node, ast.Call) and not _is_harmless(node.func) for node in nodes)


def _is_harmless(called: ast.expr) -> bool:
    """Return whether it is a builtin without effect, a logger's method, or one of the request."""
    if isinstance(called, ast.Name):
        return called.id in _PURE
    root = called
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return isinstance(root, ast.Name) and (root.id in _SAFE or root.id in _LOGGERS)


def _share(function: Function, one: AwaitedCall, other: AwaitedCall, may_share: bool) -> bool:
    """Return whether two calls are handed, or belong to, one object that either may change."""
    if _handed(one) & _handed(other) - _SAFE:
        return True
    local = _local(function) - _SAFE
    owners = _owner(one) & _owner(other) & local
    if (_owner(one) & _handed(other) | _owner(other) & _handed(one)) & local:
        return True
    return bool(owners) and not may_share


def _handed(call: AwaitedCall) -> set[str]:
    """Return the names that are handed to a call as they are; not constants."""
    values = [*call.call.args, *(each.value for each in call.call.keywords)]
    bare = (each.value if isinstance(each, ast.Starred) else each for each in values)
    return {each.id for each in bare if isinstance(each, ast.Name) and not each.id.isupper()}


def _owner(call: AwaitedCall) -> set[str]:
    """Return the name of the object whose method is called, if it is one."""
    return _roots(call.call.func) if isinstance(call.call.func, ast.Attribute) else set()


def _local(function: Function) -> set[str]:
    """Return the names that a function binds: parameters too."""
    arguments = {node.arg for node in ast.walk(function.node.args) if isinstance(node, ast.arg)}
    return arguments | {name for each in function.node.body for name in _bound(each)}


def _bound(node: ast.AST) -> set[str]:
    """Return the names that a statement binds, or of whose objects it sets a part."""
    found = set[str]()
    for each in ast.walk(node):
        if isinstance(getattr(each, "ctx", None), ast.Store | ast.Del):
            found |= _roots(each)
    return found


def _touched(node: ast.AST) -> set[str]:
    """Return the names whose objects a statement may change by calling something."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {name for each in calls for name in _read(each)}


def _read(node: ast.AST) -> set[str]:
    """Return the names that are read in it."""
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }


def _roots(node: ast.AST) -> set[str]:
    """Return the names at the begin of it: `a` of `a.b[c]`, and each of a tuple."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        return _roots(node.value)
    if isinstance(node, ast.Tuple | ast.List):
        return {name for each in node.elts for name in _roots(each)}
    return set()
