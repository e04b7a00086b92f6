"""The current span and its account, read from where OpenTelemetry keeps its context."""

from __future__ import annotations

from contextvars import Context as Variables
from contextvars import ContextVar
from typing import Any

from opentelemetry.context import _RUNTIME_CONTEXT, Context
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from overlap.lens.account import Account

_NOTHING = Context()

CURRENT: ContextVar[Context] = getattr(
    _RUNTIME_CONTEXT, "_current_context", ContextVar("", default=_NOTHING)
)
"""With a context implementation other than contextvars, the lens sees nothing."""


def span_here() -> Any:
    """Return the current span; None if there is none."""
    return CURRENT.get().get(SPAN_KEY)


def span_in(variables: Variables | None) -> Any:
    """Return the current span of `variables`, or of the current context; None if there is none."""
    context = CURRENT.get() if variables is None else variables.get(CURRENT)
    return None if context is None else context.get(SPAN_KEY)


def account_in(variables: Variables | None) -> Account | None:
    """Return the account of the current span of `variables`, or of the current context."""
    return getattr(span_in(variables), "overlap_account", None)


def request_name(span: Any) -> str | None:
    """Return the name of the outermost measured span that a span works for, or its own."""
    account: Account | None = getattr(span, "overlap_account", None)
    outermost = None if account is None or account.outermost is None else account.outermost()
    return getattr(outermost or span, "name", None)
