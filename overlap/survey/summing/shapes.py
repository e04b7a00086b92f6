"""The shapes of each request of a trace: those of the verdict, by the request they occur in."""

from __future__ import annotations

from collections.abc import Iterator

from overlap.judge.findings.beyond_response import lost_spans
from overlap.judge.findings.groups import is_concurrent, is_serial
from overlap.judge.model import (
    BACKGROUND,
    BLOCKING,
    CONCURRENT,
    LOST,
    OFFLOADED,
    SERIAL,
    SINGLE,
    Verdict,
)
from overlap.survey.summing.requests import Requests

_OF_ONE = (SINGLE,)


def shapes(requests: Requests, found: Verdict) -> dict[int, set[str]]:
    """Return the shapes of the requests, by index; of none that is only `single`.

    A request that another service handles in the same trace has its own.
    """
    if tuple(found.shapes) == _OF_ONE:
        return {}
    by_request: dict[int, set[str]] = {}
    for shape, span_id in _places(found):
        index = requests.indexes.get(span_id)
        if index is not None:  # siblings without their parent are in no request
            by_request.setdefault(requests.request_of(index), set()).add(shape)
    if LOST in found.shapes:
        for index in lost_spans(requests.tree):
            by_request.setdefault(requests.request_of(index), set()).add(LOST)
    return by_request


def _places(found: Verdict) -> Iterator[tuple[str, str]]:
    """Yield each shape with the id of a span in the request where it occurs."""
    for group in found.groups:
        if is_concurrent(group):
            yield CONCURRENT, group.parent_id
        elif is_serial(group):
            yield SERIAL, group.parent_id
    yield from ((BLOCKING, one.span_id) for one in found.blocked)
    yield from ((BACKGROUND, one.span_id) for one in found.background)
    yield from ((OFFLOADED, one.span_id) for one in found.offloaded)
