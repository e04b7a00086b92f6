"""Middlewares as projects have them: one that knows no async, and two that do."""

import time

from asgiref.sync import markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed


def sync_only(get_response):
    def middleware(request):
        return get_response(request)

    return middleware


def not_used(get_response):
    raise MiddlewareNotUsed


class Touchy:
    """Raises when it is asked to, on the way in or on the way out."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response):
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        if request.headers.get("X-Touchy") == "in":
            raise RuntimeError("not today")
        response = await self.get_response(request)
        if request.headers.get("X-Touchy") == "out":
            raise RuntimeError("not like this")
        return response


def slow_sync(get_response):
    """Takes its time before and after what is inside it."""

    def middleware(request):
        time.sleep(0.01)
        response = get_response(request)
        time.sleep(0.01)
        return response

    return middleware
