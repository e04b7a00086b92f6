"""The same middleware twice, sync and async, each for one path only.

Django runs a middleware for every request. The sync one would cost every async view two hops and
a thread, so it runs only for its own scenario.
"""

from time import perf_counter

from asgiref.sync import iscoroutinefunction
from django.core.handlers.base import BaseHandler
from django.utils.decorators import (
    async_only_middleware,
    sync_and_async_middleware,
    sync_only_middleware,
)
from opentelemetry import trace

tracer = trace.get_tracer("smokehouse")


@sync_only_middleware
def timing_sync(get_response):
    """Report in a header how long the view took."""

    def middleware(request):
        with tracer.start_as_current_span("timing"):
            began = perf_counter()
            response = get_response(request)
            response["Server-Timing"] = f"view;dur={(perf_counter() - began) * 1000:.1f}"
            return response

    return middleware


@async_only_middleware
def timing_async(get_response):
    """Report the same, and await the view."""

    async def middleware(request):
        with tracer.start_as_current_span("timing"):
            began = perf_counter()
            response = await get_response(request)
            response["Server-Timing"] = f"view;dur={(perf_counter() - began) * 1000:.1f}"
            return response

    return middleware


def _before(path, middleware):
    """Return the middleware, adapted as Django adapts it, for one path only."""

    @sync_and_async_middleware
    def factory(get_response):
        is_async = iscoroutinefunction(get_response)
        adapt = BaseHandler().adapt_method_mode  # as Django's own load_middleware does
        inside = adapt(middleware.async_capable, get_response, is_async)
        timed = adapt(is_async, middleware(inside))
        if is_async:

            async def chain(request):
                return await (timed if request.path.endswith(path) else get_response)(request)
        else:

            def chain(request):
                return (timed if request.path.endswith(path) else get_response)(request)

        return chain

    return factory


timing_sync_on_its_path = _before("/timed/sync/", timing_sync)
timing_async_on_its_path = _before("/timed/async/", timing_async)
