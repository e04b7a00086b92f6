"""Access rules: Host names of this machine only, security headers, and same-origin forms."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overlap.backend import POCKET, START_HINT_HEADER, is_shown

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "server": POCKET,
}


class AccessMiddleware:
    """ASGI middleware: refuses foreign Host names (DNS rebinding) and sets security headers."""

    def __init__(self, app: ASGIApp, host: str, start_hint: str = "") -> None:
        """Serve `app` under the name `host`; `start_hint` is what starts the app."""
        self.app, self.host = app, host.lower()
        hint = {START_HINT_HEADER: start_hint} if is_shown(start_hint) else {}
        self._headers = _HEADERS | hint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if not scope["query_string"].isascii():
            refusal = PlainTextResponse("the query is not ASCII: percent-encode it\n", 400)
            await refusal(scope, receive, send_guarded)
            return
        name = host_name(Headers(scope=scope).get("host", ""))
        if not self.allows(name):
            refusal = PlainTextResponse(
                f"{name[:100]!r} is not a name of this server: use 127.0.0.1 or localhost\n", 421
            )
            await refusal(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)

    def allows(self, name: str) -> bool:
        """Return whether a request may use this Host name."""
        if name in ("localhost", self.host):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # Rebinding needs a name, so any bare address is safe where all interfaces are served.
        return address.is_loopback or self.host in ("0.0.0.0", "::")  # noqa: S104


def host_name(header: str) -> str:
    """Return the host of a Host header, without port and brackets, in lower case."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def same_origin(headers: Headers) -> bool:
    """Return whether a request comes from our own pages, or from no page at all (curl)."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
