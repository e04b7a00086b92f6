r"""Make a route readable: `^items/(?P<pk>[^/.]+)/$` is `/items/{pk}/`.

Django joins the patterns on the way to a view, those of `path()` and those of `re_path()`, into
one text. Routes of Django REST framework's routers are regular expressions, too. They are read by
the parser of Python's `re`, so that groups, classes and escapes are what they are to Django:

- a group is `{name}`, or `{var}` without a name; what it matches is left out;
- another part that varies (`\d+`, `.*`, a class) is `*`;
- anchors and look-arounds are nothing; of what may be missing, a single character is left out
  (`/?`), and a group stays;
- the parts of `path()` stay as they are: `/meats/<int:pk>/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

VARIABLE = "*"
UNNAMED = "var"
_IS_REGEX = re.compile(r"\^|\$$|\\|\(\?")
"""What Django warns of in a `path()`: a route with none of these is one."""
_GROUP = re.compile(r"(?<!\\)\(\?P([<=])(\w+)>?")
_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")


@lru_cache(maxsize=1024)
def readable_route(route: str) -> str:
    """Return the route of a ResolverMatch with a leading slash; `/` for the root."""
    if _IS_REGEX.search(route):
        try:
            route = _Reader(route).text
        except Exception:  # another Python's parser: the route is right, only less readable
            route = route.removeprefix("^")
    return "/" + route.removeprefix("/")


class _Reader:
    """Reads one regular expression. `text` is its readable form."""

    def __init__(self, pattern: str) -> None:
        self._names: list[str] = []
        unique = _GROUP.sub(self._unique, _FLAGS.sub("", pattern))
        parser: Any = getattr(re, "_parser")  # noqa: B009  private, so mypy does not know it
        parsed = parser.parse(unique)
        self._groups = {
            number: self._names[int(name[1:])] for name, number in parsed.state.groupdict.items()
        }
        self.text = self._join(parsed)

    def _unique(self, group: re.Match[str]) -> str:
        """Return a group with a name of its own.

        Two patterns that are joined may have a group of the same name, which `re` refuses.
        """
        kind, name = group.groups()
        if kind == "=":  # the same text once more
            newest = len(self._names) - 1 - self._names[::-1].index(name)
            return f"(?P=g{newest}"
        self._names.append(name)
        return f"(?P<g{len(self._names) - 1}>"

    def _join(self, parsed: Iterable[Any]) -> str:
        text = "".join(self._one(str(code), value) for code, value in parsed)
        return text.replace(VARIABLE * 2, VARIABLE)

    def _one(self, code: str, value: Any) -> str:
        text = ""  # an anchor or a look-around
        match code:
            case "LITERAL":
                text = chr(value)
            case "ANY":
                text = "."  # a dot that nobody escaped, as in robots.txt
            case "IN" | "NOT_LITERAL":
                text = VARIABLE
            case "SUBPATTERN":
                number, *_, inner = value
                text = self._join(inner) if number is None else self._group(number)
            case "GROUPREF":
                text = self._group(value)
            case "ATOMIC_GROUP":
                text = self._join(value)
            case "BRANCH":
                text = f"({'|'.join(self._join(each) for each in value[1])})"
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text = self._repeated(*value)
        return text

    def _repeated(self, least: int, most: Any, inner: Any) -> str:
        text = self._join(inner)
        if [str(code) for code, _ in inner] == ["ANY"]:
            return VARIABLE
        if least == 0 and len(text) == 1 and text != VARIABLE:
            return ""
        return text

    def _group(self, number: int) -> str:
        return f"{{{self._groups.get(number, UNNAMED)}}}"
