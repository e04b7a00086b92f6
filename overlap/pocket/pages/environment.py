"""The environment of the pages' templates: that of a survey's page, with filters of their own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape

from overlap.draw.text import printable
from overlap.pocket.pages.expectation import stages
from overlap.survey.html import environment as common

HERE: Final = Path(__file__).parent


def environment() -> jinja2.Environment:
    """Return the environment of the pages' templates."""
    return common(HERE / "templates", stages=stages, clock=_clock, prose=_prose)


def _prose(text: str) -> Markup:
    """Return a sentence as HTML, with `code` as code; the text is escaped first."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(printable(text)))))  # noqa: S704


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return moment.strftime("%H:%M:%S")
