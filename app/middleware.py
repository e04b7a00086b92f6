"""Django's own middleware, only where it is needed: before the admin.

Each of these does its work in sync methods, which Django runs in a thread when
it serves ASGI. Five of them before every async view would cost it ten thread
hops; the scenarios need none of them.
"""

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import clickjacking, security

ADMIN = "/admin/"


class ForTheAdmin:
    """Steps aside for every request that is not the admin's, without a thread hop."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(ADMIN):
            return await super().__acall__(request)
        return await self.get_response(request)


class SecurityMiddleware(ForTheAdmin, security.SecurityMiddleware):
    """Security headers."""


class SessionMiddleware(ForTheAdmin, sessions.SessionMiddleware):
    """Sessions."""


class AuthenticationMiddleware(ForTheAdmin, auth.AuthenticationMiddleware):
    """`request.user`."""


class MessageMiddleware(ForTheAdmin, messages.MessageMiddleware):
    """The admin's messages."""


class XFrameOptionsMiddleware(ForTheAdmin, clickjacking.XFrameOptionsMiddleware):
    """No framing."""
