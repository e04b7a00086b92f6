"""The requests of a recording as traces, for the verdict, the survey and the page.

Each is one server span with the lens's attributes (names.LOOP_RUNNING_MS and so on), a child for
each call in a thread, and for each block of the loop that began in one of its steps. The trace id
is the request's own: where a backend kept its trace, both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from overlap import names
from overlap.recording.model import Happening, Recording, Request, Step
from overlap.trace import Span, Trace

GAP_NS = 1_000_000
"""Steps with a shorter gap between them are one turn, as in the lens."""
_ERRORS = 500
MOST_TURNS = 64
MOST_CALLS = 500
"""The most calls of a request that become spans; the first ones."""
MOST_RESTED = 0.2
"""If its steps were not recorded for a larger part of a request, it has no figures of the loop."""


def traces(recording: Recording) -> Iterator[Trace]:
    """Yield a trace for each request, the longest first."""
    requests = [each for each in recording.requests if each.trace_id and _is_id(each.trace_id)]
    requests.sort(key=lambda each: _end_ns(each, recording) - each.at_ns, reverse=True)
    for request in requests:
        yield _trace(request, recording)


def _is_id(trace_id: str) -> bool:
    return trace_id.strip("0") != ""


def _end_ns(request: Request, recording: Recording) -> int:
    if request.took_s is None:
        return max(recording.at_ns, request.at_ns)
    return request.at_ns + max(0, int(request.took_s * 1e9))


def _trace(request: Request, recording: Recording) -> Trace:
    end_ns = _end_ns(request, recording)
    root_id = _id(request.number, "request")
    resource = {names.SERVICE_NAME: recording.service, names.PROCESS_PID: recording.pid}
    common = {"trace_id": request.trace_id, "service": recording.service, "resource": resource}
    method, _, route = request.name.partition(" ")
    attributes: dict[str, str | int | float | bool] = {}
    rested = _rested(request.at_ns, end_ns, recording)
    if rested:
        attributes[names.RECORDER_RESTED_MS] = _ms(rested)
    if rested <= MOST_RESTED * (end_ns - request.at_ns):
        attributes |= _loop_figures(request, end_ns)
    if method:
        attributes[names.HTTP_REQUEST_METHOD] = method
    if route:
        attributes[names.HTTP_ROUTE] = route
    if request.status:
        attributes[names.HTTP_STATUS] = request.status
    if request.took_s is None:
        attributes[names.RECORDER_IN_PROGRESS] = True
    spans = [
        Span(
            span_id=root_id,
            name=request.name or "request",
            start_ns=request.at_ns,
            end_ns=end_ns,
            kind="server",
            attributes=attributes,
            status="error" if request.outcome == "failed" or request.status >= _ERRORS else "unset",
            **common,  # type: ignore[arg-type]
        )
    ]
    for number, call in enumerate(request.calls[:MOST_CALLS]):
        began_ns = call.at_ns + int(max(0.0, call.queued_s) * 1e9)
        spans.append(
            Span(
                span_id=_id(request.number, f"call {number}"),
                parent_id=root_id,
                name=call.function or "call in a thread",
                start_ns=began_ns,
                end_ns=began_ns + int(max(0.0, call.took_s) * 1e9),
                attributes={
                    names.THREAD_QUEUED_MS: round(call.queued_s * 1000, 3),
                    names.THREAD_ID: call.thread,
                },
                **common,  # type: ignore[arg-type]
            )
        )
    spans.extend(_blocks(request, recording, root_id, common))
    return Trace(request.trace_id, tuple(spans))


def _blocks(
    request: Request, recording: Recording, root_id: str, common: Mapping[str, object]
) -> Iterator[Span]:
    for number, block in enumerate(recording.blocks):
        if block.lasts or not _caused(request, block):
            continue
        kind, _, line = block.what.partition(" ")
        place, _, function = line.partition(" in ")
        path, _, at = place.rpartition(":")
        attributes: dict[str, str | int | float] = {
            names.BLOCKED_MS: round(block.took_s * 1000, 3),
            names.BLOCKED_KIND: kind,
            names.BLOCKED_VICTIMS: block.victims,
        }
        if path and at.isdecimal():
            attributes |= {
                names.CODE_FILE_PATH: path,
                names.CODE_LINE_NUMBER: int(at),
                names.CODE_FUNCTION_NAME: function,
            }
        yield Span(
            span_id=_id(request.number, f"block {number}"),
            parent_id=root_id,
            name=names.SPAN_BLOCKED,
            start_ns=block.at_ns,
            end_ns=block.at_ns + int(max(0.0, block.took_s) * 1e9),
            attributes=attributes,
            **common,  # type: ignore[arg-type]
        )


def _caused(request: Request, block: Happening) -> bool:
    if block.request:
        return block.request == request.number
    return any(_holds(step, block) for step in request.steps)


def _holds(step: Step, block: Happening) -> bool:
    """Return whether most of a block lies in a step."""
    begin, end = block.at_ns, block.at_ns + block.took_s * 1e9
    shared = min(end, step.at_ns + step.took_s * 1e9) - max(begin, step.at_ns)
    return shared > (end - begin) / 2


def _rested(start: int, end: int, recording: Recording) -> int:
    """Return for how long of a time, in nanoseconds, no steps were recorded."""
    return sum(
        max(0, min(end, each.at_ns + int(each.took_s * 1e9)) - max(start, each.at_ns))
        for each in recording.rests
    )


def _loop_figures(request: Request, end_ns: int) -> Iterator[tuple[str, str | float]]:
    steps = [each for each in request.steps if each.at_ns + each.took_s * 1e9 > request.at_ns]
    running = ready = 0
    edges: list[int] = []
    longest, line = 0, ""
    for step in steps:
        begin = max(step.at_ns, request.at_ns)
        end = min(end_ns, step.at_ns + int(step.took_s * 1e9))
        if end <= begin:
            continue
        running += end - begin
        ready += int(max(0.0, step.ready_s) * 1e9)
        if end - begin > longest:
            longest, line = end - begin, step.line
        if edges and begin - edges[-1] < GAP_NS:
            edges[-1] = max(end, edges[-1])
        else:
            edges += (begin, end)
    whole = end_ns - request.at_ns
    ready = min(ready, max(0, whole - running))
    yield names.LOOP_RUNNING_MS, _ms(min(running, whole))
    yield names.LOOP_READY_MS, _ms(ready)
    yield names.LOOP_AWAITING_MS, _ms(max(0, whole - running - ready))
    if longest >= GAP_NS:
        yield names.LOOP_LONGEST_MS, _ms(longest)
        if line:
            yield names.LOOP_LONGEST_LINE, line
    if edges:
        turns = zip(edges[::2], edges[1::2], strict=True)
        yield (
            names.LOOP_TURNS,
            " ".join(
                f"{(begin - request.at_ns) // 1000}+{(end - begin) // 1000}"
                for begin, end in [*turns][:MOST_TURNS]
            ),
        )


def _ms(nanoseconds: float) -> float:
    return round(nanoseconds / 1e6, 3)


def _id(number: int, what: str) -> str:
    return blake2b(f"{number} {what}".encode(), digest_size=8).hexdigest()
