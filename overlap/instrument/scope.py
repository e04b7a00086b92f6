"""An ASGI scope as span attributes and as a carrier of trace context.

The stock Django instrumentation takes both from opentelemetry-instrumentation-asgi,
which nothing else here needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from opentelemetry.propagators.textmap import Getter
from opentelemetry.util.http import redact_query_parameters, sanitize_method

Scope = Mapping[str, Any]


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


def request_attributes(scope: Scope, mode: _StabilityMode) -> dict[str, Any]:
    """The semantic conventions' attributes of a request, old, new or both by `mode`."""
    result: dict[str, Any] = {}
    method = str(scope.get("method", ""))
    _set_http_method(result, method, sanitize_method(method), mode)
    _set_http_scheme(result, scope.get("scheme", "http"), mode)
    _set_http_flavor_version(result, scope.get("http_version", ""), mode)
    path = str(scope.get("path", "/"))
    query = scope.get("query_string", b"").decode("latin-1")
    target = f"{path}?{query}" if query else path
    if query:
        target = redact_query_parameters(target)
        query = target.partition("?")[2]
    _set_http_target(result, target, path, query, mode)
    _set_addresses(result, scope, mode)
    return result


def _set_addresses(result: dict[str, Any], scope: Scope, mode: _StabilityMode) -> None:
    host, port = "", None
    for name, value in scope.get("headers", ()):
        if name == b"host":
            host, port = _split(value.decode("latin-1"))
        elif name == b"user-agent":
            _set_http_user_agent(result, value.decode("latin-1"), mode)
    server = scope.get("server") or ("", None)
    _set_http_host_server(result, host or server[0] or "", mode)
    if known_port := port or server[1]:
        _set_http_net_host_port(result, known_port, mode)
    if client := scope.get("client"):
        _set_http_peer_ip_server(result, client[0], mode)
        _set_http_peer_port_server(result, client[1], mode)


def _split(host: str) -> tuple[str, str | None]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, None)
