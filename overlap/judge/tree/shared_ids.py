"""Client and server spans that share one id, as B3 propagation allows (Brave, Envoy, Sleuth).

The server span gets an id of its own and becomes the child of the client span. Spans that name
the shared id as their parent follow their service: those of the server's service are its children.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from overlap.trace.model import Span

_SUFFIX: Final = "-server"


def with_own_ids(spans: Sequence[Span]) -> Sequence[Span]:
    """Return the spans, those of servers that share the id of their client with another id."""
    if len({span.span_id for span in spans}) == len(spans):
        return spans
    clients = {span.span_id for span in spans if span.kind == "client"}
    shared: dict[str, set[str]] = {}  # by id, the services that served the request
    for span in spans:
        if span.kind == "server" and span.span_id in clients:
            shared.setdefault(span.span_id, set()).add(span.service)
    if not shared:
        return spans
    return [_moved(span, shared) for span in spans]


def _moved(span: Span, shared: dict[str, set[str]]) -> Span:
    if span.kind == "server" and span.span_id in shared:
        return replace(span, span_id=span.span_id + _SUFFIX, parent_id=span.span_id)
    if span.parent_id and span.service in shared.get(span.parent_id, ()):
        return replace(span, parent_id=span.parent_id + _SUFFIX)
    return span
