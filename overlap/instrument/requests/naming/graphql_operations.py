"""Name a request's span after its GraphQL operation: `POST /graphql/ query Menu`.

Every operation is a POST to one route, so that the route says nothing. Done by an extension of
strawberry's own, which each schema gets. It makes no spans: those for parsing, validation and
resolvers are strawberry's OpenTelemetryExtension, which a project adds to its schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from opentelemetry.context import get_current

from overlap.instrument.requests.server_span import SERVER_SPAN_KEY, ServerSpan
from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import guarded
from overlap.runtime.when_imported import when_imported

_WHAT = "a GraphQL operation does not name its request's span"


def name_graphql_operations() -> Callable[[], None]:
    """Name spans after operations once strawberry is imported; return a function that undoes it."""
    return when_imported("strawberry.schema.schema", _instrument)


def _instrument(module: ModuleType, undo: ExitStack) -> None:
    from strawberry import extensions

    base: Any = extensions.SchemaExtension

    class OperationName(base):  # type: ignore[misc]
        """Names the server span when the operation is known: parsed, and valid."""

        def on_execute(self) -> Iterator[None]:
            guarded(_WHAT, _name_span, self.execution_context)
            yield

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def get_extensions(schema: Any, *args: Any, **kwargs: Any) -> Any:
            return [*stock(schema, *args, **kwargs), OperationName()]

        return get_extensions

    undo.callback(replace_method(module.Schema, "get_extensions", make))


def _name_span(context: Any) -> None:
    server_span = get_current().get(SERVER_SPAN_KEY)
    if isinstance(server_span, ServerSpan):
        kind = context.operation_type.value.lower()
        server_span.set_operation(kind, context.operation_name or "")
