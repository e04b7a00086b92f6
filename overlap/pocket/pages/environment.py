"""The templates' environment: filters, escaping, and what may be printed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from overlap.draw.text import clean, duration, printable
from overlap.pocket.pages.expectation import stages
from overlap.survey.html import LONG
from overlap.survey.html import TEMPLATES as SURVEY_TEMPLATES
from overlap.survey.totals.words import seconds, share

HERE: Final = Path(__file__).parent


def environment() -> jinja2.Environment:
    """Return the environment of the pages' templates."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE / "templates", SURVEY_TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        clean=clean,
        clean_long=partial(clean, longest=LONG),
        duration=duration,
        stages=stages,
        clock=_clock,
        thousands="{:,}".format,
        seconds=seconds,
        share=share,
        prose=_prose,
    )
    return found


def _printable(value: Any) -> Any:
    """Return what a template prints, without control and bidirectional characters.

    Markup is what a macro or a filter made of text that went through here.
    """
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return printable(value) if is_text else value


def _prose(text: str) -> Markup:
    """Return a sentence as HTML, with `code` as code; the text is escaped first."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(printable(text)))))  # noqa: S704


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return moment.strftime("%H:%M:%S")
