"""Every number of a JSON document in turn, and what to put in its place."""

from collections.abc import Iterator
from typing import Any

IMPOSSIBLE = (0, -1, 1e308, float("nan"), 2**63 - 1, 2**70, 10**400, "x", None)


def numbers(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the path of each number below a node, and the number."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from numbers(value, (*path, key))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*path, key), value
