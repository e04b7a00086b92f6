"""Django's own middleware, limited to the admin's requests.

Each of these does its work in sync methods, which Django runs in a thread under
ASGI. Five of them before every async view would cost ten thread hops, and the
scenarios need none of them.
"""

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import clickjacking, security

ADMIN = "/admin/"


class ForTheAdmin:
    """Mixin: skip the middleware, without a thread hop, for requests outside the admin."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(ADMIN):
            return await super().__acall__(request)
        return await self.get_response(request)


class SecurityMiddleware(ForTheAdmin, security.SecurityMiddleware):
    """Set security headers."""


class SessionMiddleware(ForTheAdmin, sessions.SessionMiddleware):
    """Add `request.session`."""


class AuthenticationMiddleware(ForTheAdmin, auth.AuthenticationMiddleware):
    """Add `request.user`."""


class MessageMiddleware(ForTheAdmin, messages.MessageMiddleware):
    """Store the admin's messages."""


class XFrameOptionsMiddleware(ForTheAdmin, clickjacking.XFrameOptionsMiddleware):
    """Forbid framing."""
