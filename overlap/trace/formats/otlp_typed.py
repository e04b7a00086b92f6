"""Read OTLP JSON fast: one line decoded by msgspec into typed structs, without checks by hand.

It reads what the collector and the SDKs write. Whatever else (other spellings, ids that are
not lower-case hex, a wrong value anywhere) raises msgspec.ValidationError or Unusual, and the
tolerant reader in `otlp_json` takes the line instead. Both give the same spans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from overlap.names import SERVICE_NAME
from overlap.trace.formats.otlp_json import MAX_NESTING, UNKNOWN_SERVICE
from overlap.trace.formats.otlp_structs import Document, OtlpEvent, OtlpLink, OtlpSpan, Pair, Value
from overlap.trace.json_fields import MAX_TIME_NS, NOTHING
from overlap.trace.model import (
    KINDS,
    STATUS_CODES,
    Attributes,
    AttributeValue,
    Event,
    Link,
    Span,
)

SHORT = 40
"""Characters of a value that may recur: a method, a host, a thread's name."""
MOST_SHARED = 100_000
"""Values that are kept once; beyond, only those known already."""
MOST_KEPT = 2 * MOST_SHARED
"""Names and ids that are kept once are forgotten when they are so many."""
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class Unusual(ValueError):
    """The line is to be read by the tolerant reader."""


class TypedReader:
    """Read line after line; what recurs (names, keys, ids, short values) is kept once."""

    def __init__(self) -> None:
        # Lax, so that 64-bit numbers, which OTLP writes as strings, become numbers in C.
        self._decode = msgspec.json.Decoder(Document, strict=False).decode
        self._shared: dict[str, str] = {}
        self._numbers: dict[int, int] = {}

    def spans(self, line: bytes) -> list[Span]:
        """Return the spans of one line. Raises Unusual or msgspec.MsgspecError."""
        found: list[Span] = []
        if len(self._shared) > MOST_KEPT:
            self._shared.clear()
        share = self._shared.setdefault
        for block in self._decode(line).resourceSpans:
            resource = (block.resource and self._attributes(block.resource.attributes)) or NOTHING
            named = resource.get(SERVICE_NAME)
            service = named if isinstance(named, str) and named else UNKNOWN_SERVICE
            for scope_spans in block.scopeSpans:
                scope = share(name := scope_spans.scope.name, name) if scope_spans.scope else ""
                self._read(scope_spans.spans, service, resource, scope, found.append)
        return found

    def _read(
        self,
        spans: list[OtlpSpan],
        service: str,
        resource: Attributes,
        scope: str,
        add: Callable[[Span], None],
    ) -> None:
        _check_ids(spans)
        share, attributes = self._shared.setdefault, self._attributes
        parent = ""
        for one in spans:
            if one.parentSpanId != parent:  # siblings often follow one another
                parent = one.parentSpanId
            start, end, status = one.startTimeUnixNano, one.endTimeUnixNano, one.status
            if not (0 <= start <= MAX_TIME_NS and 0 <= end <= MAX_TIME_NS):
                raise Unusual
            code = status.code if status else 0
            add(
                Span(
                    share(one.traceId, one.traceId),
                    one.spanId,
                    share(one.name, one.name),
                    start,
                    end or None,
                    parent or None,
                    KINDS[one.kind] if 0 <= one.kind < len(KINDS) else KINDS[0],
                    service,
                    attributes(one.attributes) if one.attributes else NOTHING,
                    resource,
                    tuple(map(self._event, one.events)) if one.events else (),
                    tuple(map(self._link, one.links)) if one.links else (),
                    STATUS_CODES[code] if 0 <= code < len(STATUS_CODES) else STATUS_CODES[0],
                    status.message if status else "",
                    scope,
                )
            )

    def _attributes(self, pairs: list[Pair]) -> dict[str, AttributeValue]:
        share = self._shared.setdefault
        share_value = share if len(self._shared) < MOST_SHARED else self._shared.get
        found: dict[str, AttributeValue] = {}
        for pair in pairs:
            key, value = pair.key, pair.value
            plain = value.stringValue if value is not None else None
            if plain is None:
                found[share(key, key)] = self._other(value, 0)
            else:
                found[share(key, key)] = share_value(plain, plain) if len(plain) <= SHORT else plain
        return found

    def _other(self, value: Value | None, depth: int) -> AttributeValue:
        if value is None:
            return None
        if depth > MAX_NESTING:
            raise Unusual
        if (number := value.intValue) is not None:
            known = self._numbers
            return (known.setdefault if len(known) < MOST_SHARED else known.get)(number, number)
        for plain in (value.stringValue, value.boolValue, value.doubleValue):
            if plain is not None:
                return plain
        if value.arrayValue is not None:
            return [self._other(each, depth + 1) for each in value.arrayValue.values]
        if value.kvlistValue is not None:
            pairs = value.kvlistValue.values
            return {pair.key: self._other(pair.value, depth + 1) for pair in pairs}
        return None

    def _event(self, event: OtlpEvent) -> Event:
        if not 0 <= event.timeUnixNano <= MAX_TIME_NS:
            raise Unusual
        return Event(event.name, event.timeUnixNano, self._attributes(event.attributes) or NOTHING)

    def _link(self, link: OtlpLink) -> Link:
        _check(16, link.spanId)
        _check(32, link.traceId)
        return Link(link.traceId, link.spanId, self._attributes(link.attributes) or NOTHING)


def _check_ids(spans: list[OtlpSpan]) -> None:
    """Check all ids of one batch together: a pass in C rather than a call for each."""
    parents = [up for one in spans if (up := one.parentSpanId)]
    check_ids_of([one.traceId for one in spans], [*[one.spanId for one in spans], *parents])


def check_ids_of(traces: Sequence[str], spans: Sequence[str]) -> None:
    """Raise Unusual if one of these ids is not written as OTLP's JSON writes it."""
    _check(32, *traces)
    _check(16, *spans)


def _check(length: int, *ids: str) -> None:
    if not ids:
        return
    text = "".join(ids)
    try:
        is_lower_hex = bytes.fromhex(text).hex() == text  # faster than a pattern
    except ValueError:
        raise Unusual from None
    if not is_lower_hex or {*map(len, ids)} != {length}:
        raise Unusual
    if (_NO_SPAN if length == 16 else _NO_TRACE) in ids:
        raise Unusual
