"""Find the JSON documents in a text that also has other lines: log lines, truncated lines.

After a document that does not parse, the search continues at the next line that starts with a
bracket. Such an attempt may read far before it fails: together they may read PATIENCE times
the text, then only documents of one line are looked for. So time is linear for any input.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from overlap.trace.json_fields import Misread, show

PATIENCE = 8
_BLANK = re.compile(r"[ \t\r\n\x1e]*")
"""What may stand between JSON texts; the last is RFC 7464's record separator."""
_NEXT = re.compile(r"^[{\[]", re.MULTILINE)
_DECODER = json.JSONDecoder()


class NotJson(Misread):
    """A part of the text is not JSON; `place` is where in the text it fails."""

    def __init__(self, why: str, place: int) -> None:
        super().__init__(why)
        self.place = place


def documents(text: str, first_line: int = 1) -> Iterator[tuple[int, object]]:
    """Yield each document with its line, or NotJson with the line where it fails."""
    place = counted = 0
    line, patience = first_line, PATIENCE * len(text)
    while (place := _after_blank(text, place)) < len(text):
        line += text.count("\n", counted, place)
        counted = place
        end = text.find("\n", place) if patience < 0 else -1
        try:
            value, place = _decode(text, place, end if end >= 0 else len(text))
        except NotJson as error:
            patience -= error.place - place
            yield line + text.count("\n", place, error.place), error
            found = _NEXT.search(text, place + 1)
            place = found.start() if found else len(text)
        else:
            yield line, value


def _after_blank(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _decode(text: str, place: int, end: int) -> tuple[object, int]:
    """Return the document at `place` and where it ends. Raises NotJson."""
    if text[place] not in "{[":
        words = text[place : text.find("\n", place, place + 80)].rstrip()
        raise NotJson(f"{show(words)} is not a JSON object", place)
    cut = text if end == len(text) else text[place:end]
    offset = 0 if cut is text else place
    try:
        value, after = _DECODER.raw_decode(cut, place - offset)
    except json.JSONDecodeError as error:
        raise NotJson(f"it is not JSON: {error.msg}", error.pos + offset) from None
    except RecursionError:
        # Depth costs text: what was read before it is short.
        raise NotJson("it nests too deep", place) from None
    except ValueError:  # Python's own limit on the digits of a number
        raise NotJson("a number in it is too long", place) from None
    return value, after + offset
