"""A survey as one page, and the environment of its templates, which pocket's pages share."""

from overlap.survey.html.environment import environment
from overlap.survey.html.page import page

__all__ = ["environment", "page"]
