"""Render a survey as a page. Names from traces are text, whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import jinja2

from overlap.survey.html.environment import environment
from overlap.survey.totals.model import CATEGORIES
from overlap.survey.totals.words import CATEGORY_WORDS

MOST_ROUTES = 100
MOST_ROWS = 30
"""Rows of each table; the JSON has them all."""


def page(document: dict[str, Any], *, traces_url: str = "") -> str:
    """Return the page of what `Report.as_dict` returns.

    traces_url: where a backend shows its traces; examples are links to it. Without it they are
        plain ids.
    """
    return _template().render(
        survey=document,
        trace_url=f"{traces_url.rstrip('/')}/trace/" if traces_url else None,
        same="",
        categories=CATEGORIES,
        words=CATEGORY_WORDS,
        most_routes=MOST_ROUTES,
        most_rows=MOST_ROWS,
    )


@cache
def _template() -> jinja2.Template:
    """Return the template, which is compiled once."""
    return environment(when=_when).get_template("survey.html")


def _when(time_ns: int | None) -> str:
    """Return a time as text, in UTC; nothing for a time that no clock of ours knows."""
    try:
        return f"{datetime.fromtimestamp((time_ns or 0) / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OSError, OverflowError):
        return ""
