"""Read span attributes and trace context from an ASGI scope.

The stock Django instrumentation uses opentelemetry-instrumentation-asgi for both; nothing else
here needs that package.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.instrumentation._semconv import (
    _set_http_flavor_version,
    _set_http_host_server,
    _set_http_method,
    _set_http_net_host_port,
    _set_http_peer_ip_server,
    _set_http_peer_port_server,
    _set_http_scheme,
    _set_http_target,
    _set_http_user_agent,
    _StabilityMode,
)
from opentelemetry.propagate import get_global_textmap
from opentelemetry.propagators.textmap import Getter, TextMapPropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.http import redact_query_parameters, sanitize_method

from overlap import names
from overlap.instrument.requests.request_attributes import RequestAttributes
from overlap.runtime.identity_cache import IdentityCache

Scope = Mapping[str, Any]

# Method, scheme, version of the protocol, Host header, server, user agent, conventions' value.
_Facts = tuple[str, str, str, str, tuple[str, int | None], str, str]

_LONG = 512
"""Method, host and user agent of more characters together are not cached."""
_PORT_DIGITS = 5
_W3C = frozenset({b"traceparent", b"tracestate", b"baggage"})


class ScopeGetter(Getter[Scope]):
    """Reads trace context from the headers of an ASGI scope."""

    def get(self, carrier: Scope, key: str) -> list[str] | None:
        """Return every value of a header, decoded; None if there is none."""
        wanted = key.lower().encode("latin-1")
        values = [
            value.decode("latin-1")
            for name, value in carrier.get("headers", ())
            if name.lower() == wanted
        ]
        return values or None

    def keys(self, carrier: Scope) -> list[str]:
        """Return the names of the headers, in lower case."""
        return [name.decode("latin-1").lower() for name, _ in carrier.get("headers", ())]


GETTER = ScopeGetter()


def header_values(scope: Scope) -> dict[str, list[str]]:
    """Return the headers by lower-case name; a header sent twice has two values."""
    values: dict[str, list[str]] = {}
    for name, value in scope.get("headers", ()):
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return values


def carried(scope: Scope) -> Context:
    """Return the trace context that a request carries; an empty one if it carries none."""
    propagator = get_global_textmap()
    if _reads_w3c_only(propagator):
        names_sent = {name.lower() for name, _ in scope.get("headers", ())}
        if _W3C.isdisjoint(names_sent):
            return Context()
    return propagator.extract(scope, getter=GETTER)


def _is_w3c_only(propagator: TextMapPropagator) -> bool:
    parts = getattr(propagator, "_propagators", (propagator,))
    return {type(each) for each in parts} <= {TraceContextTextMapPropagator, W3CBaggagePropagator}


_reads_w3c_only = IdentityCache(_is_w3c_only, size=4)
"""Whether a propagator reads the W3C's headers alone; any other kind may read any header."""


def request_attributes(scope: Scope, mode: _StabilityMode) -> RequestAttributes:
    """Return the attributes shared with similar requests: old, new or both names, by `mode`."""
    host = agent = ""
    for name, value in scope.get("headers", ()):
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"user-agent":
            agent = value.decode("latin-1")
    method = str(scope.get("method", ""))
    facts: _Facts = (
        method,
        scope.get("scheme", "http"),
        scope.get("http_version", ""),
        host,
        tuple(scope.get("server") or ("", None)),
        agent,
        mode._value_,  # the hash of an enum's member is Python code
    )
    # A client that sends a new host in each request must not fill the memory with long ones.
    is_cached = len(method) + len(host) + len(agent) < _LONG
    return (_request_attributes if is_cached else _request_attributes.__wrapped__)(facts)


def own_attributes(scope: Scope, mode: _StabilityMode) -> dict[str, Any]:
    """Return the attributes of this request alone: its path, its query, its client."""
    result: dict[str, Any] = {}
    path = str(scope.get("path", "/"))
    query = scope.get("query_string", b"")
    if isinstance(query, bytes):  # Django's own AsyncClient has text there
        query = query.decode("latin-1")
    client = scope.get("client")
    if mode is _StabilityMode.HTTP and not query:  # what is below, for most requests
        if path:
            result[names.URL_PATH] = path
        if client and client[0]:
            result[names.CLIENT_ADDRESS] = client[0]
        if client and client[1]:
            result[names.CLIENT_PORT] = client[1]
        return result
    target = f"{path}?{query}" if query else path
    if query:
        target = redact_query_parameters(target)
        query = target.partition("?")[2]
    _set_http_target(result, target, path, query, mode)
    if client:
        _set_http_peer_ip_server(result, client[0], mode)
        _set_http_peer_port_server(result, client[1], mode)
    return result


@lru_cache(maxsize=512)
def _request_attributes(facts: _Facts) -> RequestAttributes:
    method, scheme, version, host, server, agent, conventions = facts
    mode = _StabilityMode(conventions)
    result: dict[str, Any] = {}
    _set_http_method(result, method, sanitize_method(method), mode)
    _set_http_scheme(result, scheme, mode)
    _set_http_flavor_version(result, version, mode)
    name, port = _split(host)
    _set_http_host_server(result, name or server[0] or "", mode)
    if known_port := port or server[1]:
        _set_http_net_host_port(result, known_port, mode)
    if agent:
        _set_http_user_agent(result, agent, mode)
    return RequestAttributes(method, result, mode)


def _split(host: str) -> tuple[str, str | None]:
    name, colon, port = host.rpartition(":")
    # A client may send anything here, and a number that OTLP cannot hold would lose the batch.
    is_port = port.isascii() and port.isdigit() and len(port) <= _PORT_DIGITS
    return (name, port) if colon and is_port else (host, None)
