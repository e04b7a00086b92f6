"""Why a request went to a thread and back: read from the name of the function that ran there."""

from __future__ import annotations

import re

_HOOKS = (
    "process_request",
    "process_view",
    "process_response",
    "process_exception",
    "process_template_response",
)
ORM, HOOK, RECEIVERS, MIDDLEWARE, ERROR_PAGE, CLOSING, LOG, OTHER = (
    "ORM",
    "middleware hook",
    "receivers",
    "sync middleware",
    "error page",
    "closing the response",
    "log line of an error",
    "sync code",
)
"""Why a request went to a thread and back."""


def cause(function: str) -> str:
    """Return why a function ran in a thread, by its dotted name."""
    return next((why for pattern, why in _CAUSES if pattern.search(function)), OTHER)


_CAUSES = [
    (re.compile(pattern), why)
    for pattern, why in (
        (r"^receivers ", RECEIVERS),
        (rf"\.({'|'.join(_HOOKS)})$", HOOK),
        (r"^django\.db\.|QuerySet\.|Manager\.|Model\.", ORM),
        (r"\.(response_for_exception|process_exception_by_middleware)$", ERROR_PAGE),
        # Lean closes a response and resets the thread's connections in one call.
        (r"Response\w*\.close$|\.work_and_reset$|\.reset_connections$", CLOSING),
        (r" \(sync middleware\)$|convert_exception_to_response\.", MIDDLEWARE),
        (r"^django\.utils\.log\.log_response$", LOG),
    )
]
