"""A survey as one HTML page that needs nothing else: no script, no other file."""

from overlap.survey.html.page import LONG, TEMPLATES, page

__all__ = ["LONG", "TEMPLATES", "page"]
