"""Keep secrets out of what is exported: credentials and values of URLs, messages of exceptions.

It is done where values are encoded, so that it holds for every span and log record, whoever made
them, and for the attributes of metrics (`metric_secrets`). In each text with a URL, the user name
and password are replaced, and the values of query parameters whose names promise a secret; so it is
for the query strings that the conventions keep apart. `OVERLAP_REDACT_QUERY` names further
parameters, or `*` for all. With
`OVERLAP_EXCEPTION_MESSAGES=0` an exception is exported with its type and its stack, without its
message: that may hold values, such as a row that a database refused.

Source: semantic conventions, `url.full` and `url.query`.
"""

from __future__ import annotations

import os
import re

from overlap import names

REDACTED = "REDACTED"
"""As the conventions have it."""
_ALL = "*"
_NAMES = (
    r"[\w.\-]*(?:token|secret|passw(?:or)?d|passphrase|pwd|api[_\-]?key|access[_\-]?key|signature"
    r"|credential|session|auth|cookie)[\w.\-]*|sig|key|code|jwt|otp|sid"
)
_CREDENTIALS = re.compile(
    r"([a-z][a-z0-9+.\-]*://)[^\s/?#@'\"<>]+(?:@[^\s/?#@'\"<>]+)*@", re.IGNORECASE
)
QUERIES = frozenset({"url.query", "http.target"})
"""Attributes that hold a query string without a scheme before it."""
_URLS = re.compile(r"[a-z][a-z0-9+.\-]*://[^\s'\"<>]+", re.IGNORECASE)
_HEADLINES = ("Traceback (", "The above exception", "During handling of")
_TYPE = re.compile(r"[\w.]+(?=:|$)")


class Secrets:
    """What is replaced, as the environment says."""

    def __init__(self, more_names: str = "", *, messages: bool = True) -> None:
        self.messages = messages
        """Whether messages of exceptions are exported."""
        more = [name.strip() for name in more_names.split(",") if name.strip()]
        wanted = r"[^=&#\s]+" if _ALL in more else "|".join([_NAMES, *map(re.escape, more)])
        self._parameters = re.compile(rf"((?:^|[?&;])(?:{wanted})=)[^&#;\s'\"<>]+", re.IGNORECASE)

    def without(self, key: str, value: str) -> str:
        """Return the value of an attribute without secrets."""
        if not self.messages and key in (names.EXCEPTION_MESSAGE, names.EXCEPTION_STACKTRACE):
            return REDACTED if key == names.EXCEPTION_MESSAGE else _frames(value)
        if key in QUERIES and "=" in value:
            return self._query(value)
        return self.text(value)

    def text(self, value: str) -> str:
        """Return any text with its URLs without secrets."""
        if "://" not in value:
            return value
        value = _CREDENTIALS.sub(rf"\1{REDACTED}:{REDACTED}@", value)
        return _URLS.sub(lambda found: self._query(found[0]), value) if "=" in value else value

    def description(self, value: str | None) -> str | None:
        """Return the description of a status, which may be an exception's message."""
        return (self.text(value) if self.messages else None) if value else value

    def body(self, value: str, error: BaseException) -> str:
        """Return the text of a log line about an exception, without its message if none may be."""
        if self.messages or not (message := str(error)):
            return value
        return value.replace(repr(error), type(error).__name__).replace(message, REDACTED)

    def _query(self, text: str) -> str:
        return self._parameters.sub(rf"\1{REDACTED}", text)


def _frames(stacktrace: str) -> str:
    """Return a stack with the types of its exceptions, without messages and lines of source.

    A line of source may hold the message as a literal, and in a group of exceptions messages are
    indented as source is.
    """
    kept: list[str] = []
    in_message = False
    for line in stacktrace.splitlines():
        is_frame = line.lstrip(" |").startswith('File "')
        if is_frame or line.startswith(_HEADLINES):
            in_message = False
        if in_message:
            continue
        if is_frame or not line or line.startswith(_HEADLINES):
            kept.append(line)
            continue
        if line[0] in " |":
            continue
        in_message = True  # to the next stack: a message may have several lines
        found = _TYPE.match(line)
        kept.append(found[0] if found else "")
    return "\n".join(kept) + "\n"


def _from_environment() -> Secrets:
    off = os.environ.get("OVERLAP_EXCEPTION_MESSAGES", "").strip().lower() in (
        "0",
        "false",
        "no",
        "off",
    )
    return Secrets(os.environ.get("OVERLAP_REDACT_QUERY", ""), messages=not off)


current = _from_environment()
"""Read once, when telemetry is first set up: encoded texts are cached."""
