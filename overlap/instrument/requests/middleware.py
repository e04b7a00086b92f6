"""The Django middleware that starts and ends server spans: async under ASGI, sync under WSGI."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from opentelemetry.context import attach, detach
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.propagators import get_global_response_propagator

from overlap.instrument.requests import streaming
from overlap.instrument.requests.browser.request_times import COLLECTING, add_header
from overlap.instrument.requests.naming.readable_route import readable_route
from overlap.instrument.requests.naming.view_code import set_view_code
from overlap.instrument.requests.server_span import ServerSpan
from overlap.instrument.requests.server_span_factory import ServerSpanFactory
from overlap.runtime.guard import failed, guarded, never_raises

_log = logging.getLogger(__name__)
_KEY = "_overlap_server_span"


class Middleware(_DjangoMiddleware):
    """One server span for each request. Configured by the stock middleware's class attributes."""

    sync_capable = True
    async_capable = True
    enabled = False
    """A handler keeps the middleware after shutdown(); requests then pass through untraced."""
    on_request: Callable[[], None] = staticmethod(lambda: None)
    factory: ServerSpanFactory
    server_timing: bool | None = False
    """Whether responses have the header Server-Timing; None: if DEBUG is set."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        self._async = iscoroutinefunction(get_response)
        wanted = type(self).server_timing
        self._has_timing = bool(settings.DEBUG if wanted is None else wanted)
        if self._has_timing:
            COLLECTING.start()
        if self._async:
            markcoroutinefunction(self)
            # Django decides for each method by itself whether to call it in a thread.
            vars(self)["process_view"] = self._process_view_async

    def __call__(self, request: Any) -> Any:
        if self._async:
            return self._serve_async(request)
        server_span = self._begin(request)
        if server_span is None:
            return self.get_response(request)
        token = attach(server_span.context)
        try:
            response = self.get_response(request)
            return self._end(request, response, server_span)
        except BaseException as error:
            server_span.finish(error)
            raise
        finally:
            detach(token)

    async def _serve_async(self, request: Any) -> Any:
        server_span = self._begin(request)
        if server_span is None:
            return await self.get_response(request)
        token = attach(server_span.context)
        try:
            response = await self.get_response(request)
            return self._end(request, response, server_span)
        except BaseException as error:
            server_span.finish(error)
            raise
        finally:
            detach(token)

    def process_view(self, request: Any, *_view: Any) -> None:
        """Name the span after the route, which is known from here on."""
        try:
            server_span: ServerSpan | None = getattr(request, _KEY, None)
            match = request.resolver_match
            if server_span is not None and match is not None:
                server_span.set_route(readable_route(match.route))
                set_view_code(server_span.span, match.func, request.method)
        except Exception:
            failed("a request's route is not recorded")

    async def _process_view_async(self, request: Any, *view: Any) -> None:
        Middleware.process_view(self, request, *view)

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Do nothing: got_request_exception reports unhandled exceptions."""

    def _begin(self, request: Any) -> ServerSpan | None:
        if not self.enabled:
            return None
        try:
            if self._async:
                type(self).on_request()
            server_span = self.factory.make(request)
        except Exception:  # telemetry never hurts the service
            failed("a request is not traced")
            return None
        if server_span is None:
            return None
        setattr(request, _KEY, server_span)
        if (hook := _DjangoMiddleware._otel_request_hook) is not None:
            self._call(hook, server_span.span, request)
        return server_span

    def _end(self, request: Any, response: Any, server_span: ServerSpan) -> Any:
        try:
            self._answer(request, response, server_span)
        except Exception:  # telemetry never hurts the service
            failed("a response is not traced to its end")
            server_span.finish()
        return response

    def _answer(self, request: Any, response: Any, server_span: ServerSpan) -> None:
        server_span.set_status(response.status_code)
        wanted = self.factory.captured_headers
        if wanted.response and server_span.is_recording:
            server_span.span.set_attributes(wanted.of_response(response.items()))
        if self._has_timing:
            guarded("a response has no Server-Timing", add_header, response, server_span)
        propagator: Any = get_global_response_propagator()  # type: ignore[no-untyped-call]
        if propagator is not None:
            propagator.inject(response)
        if (hook := _DjangoMiddleware._otel_response_hook) is not None:
            self._call(hook, server_span.span, request, response)
        if self._async and _is_cancelled():
            server_span.finish(asyncio.CancelledError())
        elif response.streaming:
            streaming.finish_with_stream(response, server_span)
        else:
            server_span.finish()

    @staticmethod
    def _call(hook: Callable[..., None], *arguments: Any) -> None:
        try:
            hook(*arguments)
        except Exception:  # a hook is the project's code
            _log.exception("Exception raised by a hook")


def server_span_of(request: Any) -> ServerSpan | None:
    """Return the server span of a request of Django's; None if it is not traced."""
    return getattr(request, _KEY, None)


@never_raises("a request's exception is not recorded")
def note_exception(request: Any = None, **_signal: Any) -> None:
    """Receive got_request_exception: keep the unhandled exception for the span."""
    server_span: ServerSpan | None = getattr(request, _KEY, None)
    if server_span is not None:
        server_span.error = sys.exc_info()[1]


def _is_cancelled() -> bool:
    # A sync view is not interrupted: asgiref waits for its end though nobody reads the response.
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
