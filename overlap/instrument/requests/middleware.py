"""The Django middleware: async all the way under ASGI, plain under WSGI."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from opentelemetry.context import attach, detach
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.propagators import get_global_response_propagator

from overlap.instrument.requests import streaming
from overlap.instrument.requests.server_span import Exchange
from overlap.instrument.requests.server_span_factory import Maker

_log = logging.getLogger(__name__)
_KEY = "_overlap_exchange"


class Middleware(_DjangoMiddleware):
    """One server span a request. The stock middleware's class attributes configure it."""

    sync_capable = True
    async_capable = True
    enabled = False
    """After shutdown() a loaded handler still has the middleware: it lets requests pass."""
    on_request: Callable[[], None] = staticmethod(lambda: None)
    maker: Maker

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)
            # Django asks each method for itself whether it needs a thread.
            vars(self)["process_view"] = self._process_view_async

    def __call__(self, request: Any) -> Any:
        if self._async:
            return self._serve_async(request)
        exchange = self._begin(request)
        if exchange is None:
            return self.get_response(request)
        token = attach(exchange.context)
        try:
            response = self.get_response(request)
            return self._end(request, response, exchange)
        except BaseException as error:
            exchange.finish(error)
            raise
        finally:
            detach(token)

    async def _serve_async(self, request: Any) -> Any:
        exchange = self._begin(request)
        if exchange is None:
            return await self.get_response(request)
        token = attach(exchange.context)
        try:
            response = await self.get_response(request)
            return self._end(request, response, exchange)
        except BaseException as error:
            exchange.finish(error)
            raise
        finally:
            detach(token)

    def process_view(self, request: Any, *_view: Any) -> None:
        """Name the span by the route, which is known from here on."""
        exchange: Exchange | None = getattr(request, _KEY, None)
        match = request.resolver_match
        if exchange is not None and match is not None:
            exchange.set_route(route_of(match.route))

    async def _process_view_async(self, request: Any, *view: Any) -> None:
        Middleware.process_view(self, request, *view)

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Nothing: the signal got_request_exception tells of what nobody handled."""

    def _begin(self, request: Any) -> Exchange | None:
        if not self.enabled:
            return None
        try:
            if self._async:
                type(self).on_request()
            exchange = self.maker.make(request)
        except Exception:  # telemetry never hurts the service
            _log.exception("a request is not traced")
            return None
        if exchange is None:
            return None
        setattr(request, _KEY, exchange)
        self._call(_DjangoMiddleware._otel_request_hook, exchange.span, request)
        return exchange

    def _end(self, request: Any, response: Any, exchange: Exchange) -> Any:
        try:
            self._answer(request, response, exchange)
        except Exception:  # telemetry never hurts the service
            _log.exception("a response is not traced to its end")
            exchange.finish()
        return response

    def _answer(self, request: Any, response: Any, exchange: Exchange) -> None:
        exchange.set_status(response.status_code)
        wanted = self.maker.wanted
        if wanted.response and exchange.is_recording:
            exchange.span.set_attributes(wanted.of_response(response.items()))
        propagator: Any = get_global_response_propagator()  # type: ignore[no-untyped-call]
        if propagator is not None:
            propagator.inject(response)
        self._call(_DjangoMiddleware._otel_response_hook, exchange.span, request, response)
        if self._async and _is_cut_off():
            exchange.finish(asyncio.CancelledError())
        elif response.streaming:
            streaming.follow(response, exchange)
        else:
            exchange.finish()

    @staticmethod
    def _call(hook: Callable[..., None] | None, *arguments: Any) -> None:
        if hook is not None:
            try:
                hook(*arguments)
            except Exception:  # a hook is someone else's code in the way of a request
                _log.exception("Exception raised by a hook")


def note_exception(request: Any = None, **_signal: Any) -> None:
    """Receive got_request_exception: keep what nobody handled for the span."""
    exchange: Exchange | None = getattr(request, _KEY, None)
    if exchange is not None:
        exchange.error = sys.exc_info()[1]


def _is_cut_off() -> bool:
    # A synchronous view is not interrupted: asgiref waits for its end and answers to nobody.
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@lru_cache(maxsize=1024)
def route_of(pattern: str) -> str:
    """Django's route with its leading slash: `/` for the root, `/meats/<int:pk>/`, …"""
    return "/" + pattern.removeprefix("^").removeprefix("/")
