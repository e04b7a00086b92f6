"""Changes to an input: of its bytes, or, where it is JSON, of its values, keys and structure."""

import json
from random import Random
from typing import Any

HOSTILE = (
    "", " ", "\0", "\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x07link", "\x9b2J", "\r\n\r\nx: y",
    "\u202eevil\u2066", "\u200f\u200b\ufeff", "z" + "\u0301" * 60, "\u0e33" * 30, "日本語" * 20,
    "👩‍👩‍👧‍👦", "\U000e0041\U000e0042", "\ud800", "\udfff", "\uffff", "\u2028\u2029",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "[bold]x[/bold]",
    "%s%n", "../../etc/passwd", "' OR 1=1 --", "x" * 5000, "=1+1", "javascript:alert(1)",
    "0", "-1", "1e999", "NaN", "inf", "9" * 400, "true", "null", "١٢٣", "1_000", "0x10",
)  # fmt: skip
"""Text that has harmed somebody."""
NUMBERS = (
    0, 1, -1, 2, 255, 256, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63),
    10**30, 10**400, 0.5, -0.0, 1e308, 1e-308, float("inf"), float("nan"),
    1_700_000_000_000_000_000,
)  # fmt: skip
_BYTES = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
)


def mutated(data: bytes, others: list[bytes], random: Random) -> bytes:
    """Return `data` changed in one to eight places, maybe joined with another input."""
    if random.random() < 0.7 and (changed := _json(data, random)) is not None:
        return changed
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        data = _bytes(data, others, random)
    return data[:200_000]


def _bytes(data: bytes, others: list[bytes], random: Random) -> bytes:  # noqa: PLR0911
    at = random.randrange(len(data) + 1)
    length = random.choice((1, 1, 2, 4, 8, 16, 64))
    match random.randrange(8):
        case 0:
            return data[:at] + bytes((random.randrange(256),)) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + length :]
        case 2:
            return data[:at] + random.randbytes(length) + data[at:]
        case 3:
            return data[:at] + data[at : at + length] * random.choice((2, 3, 50)) + data[at:]
        case 4:
            hostile = random.choice(HOSTILE).encode("utf-8", "surrogatepass")
            return data[:at] + hostile + data[at:]
        case 5:
            other = random.choice(others)
            return data[:at] + other[random.randrange(len(other) + 1) :]
        case 6:
            return data[:at]
        case _:
            return data[:at] + random.choice(_BYTES) + data[at:]


def _json(data: bytes, random: Random) -> bytes | None:
    """Return JSON with other contents; None for what is not JSON."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(root, dict | list):
        return None
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        places = [*_places(root)]
        if not places:
            break
        _change(*random.choice(places), root, random)
    try:
        text = json.dumps(root, ensure_ascii=random.random() < 0.5)
    except (ValueError, RecursionError):  # a number too long to print
        return None
    return text.encode("utf-8", "surrogatepass")


def _places(node: Any) -> Any:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            yield node, key
            if isinstance(value, dict | list):
                waiting.append(value)


def _change(holder: Any, key: Any, root: Any, random: Random) -> None:
    if (isinstance(holder, list) and key >= len(holder)) or (
        isinstance(holder, dict) and key not in holder
    ):
        return  # an earlier change removed it
    value = holder[key]
    choice = random.randrange(12)
    if choice < 5:
        holder[key] = _like(value, random)
    elif choice == 5:
        holder[key] = random.choice(
            (None, True, [], {}, [[]], random.choice(HOSTILE), random.choice(NUMBERS))
        )
    elif choice == 6:
        del holder[key]
    elif choice == 7 and isinstance(holder, dict):
        holder[random.choice((str(key), *HOSTILE))] = holder.pop(key)
    elif choice == 8 and isinstance(holder, list) and len(holder) < 200:
        holder.extend([json.loads(json.dumps(value))] * random.choice((1, 2, 20)))
    elif choice == 9:
        holder[key] = random.choice(([value], {"x": value}))
    elif choice == 10:
        other, place = random.choice([*_places(root)])
        holder[key] = json.loads(json.dumps(other[place]))
    elif choice == 11 and isinstance(holder, list):
        random.shuffle(holder)


def _like(value: Any, random: Random) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return random.choice((*NUMBERS, value + random.randrange(-5, 6), value * 2, -value))
    if isinstance(value, str):
        if value.isdecimal():
            return str(
                random.choice((int(value[:300]) + random.randrange(-(10**7), 10**7), *NUMBERS))
            )
        at = random.randrange(len(value) + 1)
        hostile = random.choice(HOSTILE)
        return random.choice((hostile, value[:at] + hostile + value[at:], value[:at], value * 2))
    return random.choice((None, [], {}, random.choice(HOSTILE)))
