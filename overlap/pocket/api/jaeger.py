"""Jaeger's v3 API, with the responses of Jaeger 2.13 to 2.23.

2.13 knows the snake_case names of parameters, 2.20 also the camelCase ones; both are read
here, and the camelCase one wins, as in 2.20.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from overlap.pocket.api import query_parameters
from overlap.pocket.api.otlp_json import resource_spans
from overlap.pocket.api.summaries import summary
from overlap.pocket.storage.search import DEFAULT_DEPTH, Query, find
from overlap.pocket.storage.store import Store, StoredTrace

_KINDS = ("", "internal", "server", "client", "producer", "consumer")
# A response with more spans is built in a thread, so that the loop can receive spans meanwhile.
_INLINE_SPANS = 500
_MAX_DEPTH = 10_000

T = TypeVar("T")


class BadParameter(Exception):
    """A parameter that can't be read; `str(error)` is Jaeger's sentence for it."""


def routes(store: Store) -> list[Route]:
    """Return the API's routes over a store."""

    async def services(_request: Request) -> Response:
        return JSONResponse(_without_empty("services", store.services()))

    async def operations(request: Request) -> Response:
        service = request.query_params.get("service", "")
        kind = _first(request.query_params, "spanKind", "span_kind")[0]
        found = [
            {"name": name, "spanKind": _kind(number)} if _kind(number) else {"name": name}
            for name, number in store.operations(service)
            if not kind or _kind(number) == kind
        ]
        return JSONResponse(_without_empty("operations", found))

    async def trace(request: Request) -> Response:
        try:
            trace_id = _parsed(
                query_parameters.trace_id, request.path_params["trace_id"], "trace_id"
            )
            query = request.query_params
            _optional(query, query_parameters.time_ns, "startTime", "start_time")
            _optional(query, query_parameters.time_ns, "endTime", "end_time")
            _optional(query, query_parameters.boolean, "rawTraces", "raw_traces")
        except BadParameter as error:
            return _error(400, str(error))
        found = store.get(trace_id)
        return await _answer([found] if found else [])

    async def traces(request: Request) -> Response:
        try:
            query = _query(request.query_params)
        except BadParameter as error:
            return _error(400, str(error))
        found = await asyncio.to_thread(find, list(store.newest_first()), query)
        return await _answer(found)

    async def summaries(request: Request) -> Response:
        try:
            query = _query(request.query_params)
        except BadParameter as error:
            return _error(400, str(error))
        found = await asyncio.to_thread(find, list(store.newest_first()), query)
        copies = [(each.id, list(each.spans)) for each in found]  # the store may add to them
        rows = await asyncio.to_thread(lambda: [summary(*each) for each in copies])
        return JSONResponse(_without_empty("summaries", rows))

    return [
        Route("/api/v3/services", services),
        Route("/api/v3/operations", operations),
        Route("/api/v3/traces/{trace_id}", trace),
        Route("/api/v3/traces", traces),
        Route("/api/v3/trace-summaries", summaries),
    ]


async def _answer(traces: list[StoredTrace]) -> Response:
    if not traces:
        return _error(404, "No traces found")
    # Copied on the loop: the store may add to a trace while a thread builds the response.
    spans = [list(trace.spans) for trace in traces]
    if sum(map(len, spans)) <= _INLINE_SPANS:
        body = _body(spans)
    else:
        body = await asyncio.to_thread(_body, spans)
    return Response(body, media_type="application/json")


def _body(traces: list[list[Any]]) -> bytes:
    result = [entry for spans in traces for entry in resource_spans(spans)]
    return json.dumps({"result": {"resourceSpans": result}}).encode()


def _error(status: int, message: str) -> Response:
    message = message.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair
    return JSONResponse({"error": {"httpCode": status, "message": message}}, status)


def _query(given: Mapping[str, str]) -> Query:
    start_min, min_name = _first(given, "query.startTimeMin", "query.start_time_min")
    start_max, max_name = _first(given, "query.startTimeMax", "query.start_time_max")
    if not start_min or not start_max:
        raise BadParameter("query.start_time_min and query.start_time_max are required")
    duration = "query.durationMin", "query.duration_min"
    duration_max = "query.durationMax", "query.duration_max"
    depth = "query.searchDepth", "query.search_depth", "query.num_traces"
    _optional(given, query_parameters.boolean, "query.rawTraces", "query.raw_traces")
    return Query(
        service=_first(given, "query.serviceName", "query.service_name")[0],
        operation=_first(given, "query.operationName", "query.operation_name")[0],
        start_min=_parsed(query_parameters.time_ns, start_min, min_name),
        start_max=_parsed(query_parameters.time_ns, start_max, max_name),
        duration_min=_optional(given, query_parameters.duration_ns, *duration) or 0,
        duration_max=_optional(given, query_parameters.duration_ns, *duration_max) or 0,
        attributes=_optional(given, _attributes, "query.attributes") or {},
        depth=min(_optional(given, _depth, *depth) or DEFAULT_DEPTH, _MAX_DEPTH),
    )


def _attributes(text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("it is not a JSON map of strings")
    return value


def _depth(text: str) -> int:
    number = query_parameters.whole_number(text)
    if number <= 0:
        raise ValueError("search depth must be greater than 0")
    return number


def _first(given: Mapping[str, str], *names: str) -> tuple[str, str]:
    for name in names:
        if given.get(name):
            return given[name], name
    return "", names[0]


def _optional(given: Mapping[str, str], parse: Callable[[str], T], *names: str) -> T | None:
    text, name = _first(given, *names)
    return _parsed(parse, text, name) if text else None


def _parsed(parse: Callable[[str], T], text: str, name: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise BadParameter(f"malformed parameter {name}: {error}") from None


def _kind(number: int) -> str:
    return _KINDS[number] if 0 <= number < len(_KINDS) else ""


def _without_empty(key: str, items: list[Any]) -> dict[str, Any]:
    # Jaeger omits an empty list.
    return {key: items} if items else {}
