"""A griffe extension: make Markdown lists of the arguments in docstrings, `name: text` a line."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ARGUMENT = re.compile(r"^(\w+): ", re.M)
_FIRST = re.compile(r"(?<=\S)\n(?=- \*\*\w+\*\*: )")


class Arguments(griffe.Extension):
    """Turn each line `name: text` of a function's docstring into an item of a list."""

    def on_function_instance(self, *, func: griffe.Function, **_: Any) -> None:
        """Rewrite the docstring, if there is one."""
        if func.docstring is not None:
            func.docstring.value = listed(func.docstring.value)


def listed(text: str) -> str:
    """Return the docstring with its arguments as a Markdown list."""
    return _FIRST.sub("\n\n", _ARGUMENT.sub(r"- **\1**: ", text), count=1)
