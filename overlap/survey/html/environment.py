"""The templates' environment of all pages: filters, escaping, and what may be printed.

Names from traces are shown by `clean` of `overlap.draw`, as in the terminal: without escape
sequences and control characters. The judge's own `clean`, which puts question marks in their
place, is for its sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from overlap.draw.text import clean, duration, printable
from overlap.survey.totals.words import seconds, share

LONG: Final = 300
"""Characters of a statement or a sentence."""
TEMPLATES: Final = Path(__file__).parent
"""`tables.html` there is also a part of pocket's page Routes."""


def environment(*folders: Path, **filters: Callable[..., Any]) -> jinja2.Environment:
    """Return the environment of the templates in some folders and of those of a survey.

    filters: those that only these templates have.
    """
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, TEMPLATES]),
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
        thousands="{:,}".format,
        seconds=seconds,
        share=share,
        **filters,
    )
    return found


def _printable(value: Any) -> Any:
    """Return what a template prints, without control and bidirectional characters.

    Markup is what a macro or a filter made of text that went through here.
    """
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return printable(value) if is_text else value
