"""An ASGI scope as span attributes and as a carrier of trace context.

The stock Django instrumentation takes both from opentelemetry-instrumentation-asgi,
which nothing else here needs.
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
from overlap.instrument.requests.request_attributes import Kind
from overlap.runtime.identity_cache import IdentityCache

Scope = Mapping[str, Any]

# Method, scheme, version of the protocol, Host header, server, user agent, conventions.
_Facts = tuple[str, str, str, str, tuple[str, int | None], str, _StabilityMode]

_LONG = 512
"""Characters of a request's names beyond which what is made of them is not kept."""
_PORT_DIGITS = 5
_W3C = frozenset({b"traceparent", b"tracestate", b"baggage"})


class ScopeGetter(Getter[Scope]):
    """Reads trace context from the headers of an ASGI scope."""

    def get(self, carrier: Scope, key: str) -> list[str] | None:
        """Every value of a header, decoded; None where there is none."""
        wanted = key.lower().encode("latin-1")
        values = [
            value.decode("latin-1")
            for name, value in carrier.get("headers", ())
            if name.lower() == wanted
        ]
        return values or None

    def keys(self, carrier: Scope) -> list[str]:
        """The headers' names, in lower case."""
        return [name.decode("latin-1").lower() for name, _ in carrier.get("headers", ())]


GETTER = ScopeGetter()


def header_values(scope: Scope) -> dict[str, list[str]]:
    """Headers by name, in lower case; a header sent twice has two values."""
    values: dict[str, list[str]] = {}
    for name, value in scope.get("headers", ()):
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return values


def carried(scope: Scope) -> Context:
    """The trace context that came with a request; an empty one where none did."""
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


def kind_of(scope: Scope, mode: _StabilityMode) -> Kind:
    """The request's kind, with the conventions' attributes, old, new or both by `mode`."""
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
        mode,
    )
    # Whoever sends a new name at each request must not fill the memory with long ones.
    return (_kind if len(method) + len(host) + len(agent) < _LONG else _kind.__wrapped__)(facts)


def own_attributes(scope: Scope, mode: _StabilityMode) -> dict[str, Any]:
    """What of the attributes is this request's: where it goes, and where it comes from."""
    result: dict[str, Any] = {}
    path = str(scope.get("path", "/"))
    query = scope.get("query_string", b"")
    if isinstance(query, bytes):  # Django's own AsyncClient has text there
        query = query.decode("latin-1")
    client = scope.get("client")
    if mode is _StabilityMode.HTTP and not query:  # as below, and what most requests are
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
def _kind(facts: _Facts) -> Kind:
    method, scheme, version, host, server, agent, mode = facts
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
    return Kind(method, result, mode)


def _split(host: str) -> tuple[str, str | None]:
    name, colon, port = host.rpartition(":")
    # A caller may write what it likes there; a number that OTLP can't hold would cost the batch.
    is_port = port.isascii() and port.isdigit() and len(port) <= _PORT_DIGITS
    return (name, port) if colon and is_port else (host, None)
