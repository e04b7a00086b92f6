"""Streaming responses: the server span is current while each part is made, and ends with the last.

Context is attached and detached around each part, in the coroutine that makes it: a
generator that stayed attached between parts could be closed in another context, which
OpenTelemetry answers with "Failed to detach context".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from opentelemetry.context import attach, detach

from overlap.instrument.requests.server_span import Exchange


def follow(response: Any, exchange: Exchange) -> None:
    """Let a streaming response end the exchange: at its last part, its failure or its close."""
    source = response._iterator
    response._iterator = (
        _AsyncParts(source, exchange) if response.is_async else _Parts(iter(source), exchange)
    )
    # A WSGI server may send a file by itself, and never ask for a part.
    by_server = getattr(response, "file_to_stream", None) is not None and not exchange.is_asgi

    def closed() -> None:
        # Closed before its last part: whoever read it has gone.
        exchange.finish(None if by_server else GeneratorExit())

    response._resource_closers.append(closed)


class _AsyncParts:
    def __init__(self, source: Any, exchange: Exchange) -> None:
        self._source: AsyncIterator[Any] = aiter(source)
        self._exchange = exchange

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        token = attach(self._exchange.context)
        try:
            part = await anext(self._source)
        except StopAsyncIteration:
            self._exchange.finish()
            raise
        except BaseException as error:
            self._exchange.finish(error)
            raise
        finally:
            detach(token)
        self._exchange.sent_part()
        return part


class _Parts:
    def __init__(self, source: Iterator[Any], exchange: Exchange) -> None:
        self._source = source
        self._exchange = exchange
        # Under ASGI Django makes all the parts, and only then sends the first.
        self._held = exchange.is_asgi
        self._any = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        token = attach(self._exchange.context)
        try:
            part = next(self._source)
        except StopIteration:
            if self._any:
                self._exchange.sent_part()
            self._exchange.finish()
            raise
        except BaseException as error:
            self._exchange.finish(error)
            raise
        finally:
            detach(token)
        self._any = True
        if not self._held:
            self._exchange.sent_part()
        return part
