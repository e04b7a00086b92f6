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
"""What OpenTelemetry keeps elsewhere, the lens does not see."""


def span_here() -> Any:
    """The current span; None where there is none."""
    return CURRENT.get().get(SPAN_KEY)


def account_in(variables: Variables | None) -> Account | None:
    """The account of what is the current span there; of the current one where that is None."""
    context = CURRENT.get() if variables is None else variables.get(CURRENT)
    span = None if context is None else context.get(SPAN_KEY)
    return getattr(span, "overlap_account", None)
