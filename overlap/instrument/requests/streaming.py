"""Streaming responses: the server span is current while each part is made, and ends with the last.

Context is attached and detached around each part, in the coroutine that makes it: a
generator that stayed attached between parts could be closed in another context, which
OpenTelemetry answers with "Failed to detach context".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from opentelemetry.context import attach, detach

from overlap import names
from overlap.instrument.requests.server_span import ServerSpan
from overlap.runtime.guard import hide_frames


def finish_with_stream(response: Any, server_span: ServerSpan) -> None:
    """End the server span when the response ends: at its last part, its failure or its close."""
    source = response._iterator
    response._iterator = (
        _AsyncParts(source, server_span) if response.is_async else _Parts(iter(source), server_span)
    )
    # A WSGI server may send a file by itself, without reading one part.
    by_server = getattr(response, "file_to_stream", None) is not None and not server_span.is_asgi

    def closed() -> None:
        # Closed before its last part: the client disconnected.
        server_span.finish(None if by_server else GeneratorExit())

    response._resource_closers.append(closed)


class _AsyncParts:
    def __init__(self, source: Any, server_span: ServerSpan) -> None:
        self._source: AsyncIterator[Any] = aiter(source)
        self._server_span = server_span

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        token = attach(self._server_span.context)
        try:
            part = await anext(self._source)
        except StopAsyncIteration:
            self._server_span.finish()
            raise
        except BaseException as error:
            self._server_span.finish(error)
            hide_frames(error)
            raise
        finally:
            detach(token)
        self._server_span.sent_part()
        return part


class _Parts:
    def __init__(self, source: Iterator[Any], server_span: ServerSpan) -> None:
        self._source = source
        self._server_span = server_span
        # Under ASGI, Django makes all parts before it sends the first.
        self._sent_at_end = server_span.is_asgi
        if server_span.is_asgi and server_span.is_recording:
            server_span.span.set_attribute(names.SYNC_ITERATOR, _name(source))
        self._any = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        token = attach(self._server_span.context)
        try:
            part = next(self._source)
        except StopIteration:
            if self._any:
                self._server_span.sent_part()
            self._server_span.finish()
            raise
        except BaseException as error:
            self._server_span.finish(error)
            hide_frames(error)
            raise
        finally:
            detach(token)
        self._any = True
        if not self._sent_at_end:
            self._server_span.sent_part()
        return part


def _name(source: Iterator[Any]) -> str:
    """Return the name of a generator, or the type of another iterator."""
    return getattr(source, "__qualname__", None) or type(source).__qualname__
