"""The report of a survey as a page: how names from traces are shown."""

from overlap.pocket.pages.environment import environment as of_pocket
from overlap.survey import survey
from overlap.survey.html import environment, page
from tests.survey.conftest import request, trace


def test_a_name_is_shown_without_what_a_screen_would_do():
    """Escape sequences and control characters are left out, as in the terminal."""
    document = survey([trace(request(1, name="GET /\x1b[31mred\x07\u202e/"))]).as_dict()
    shown = page(document)
    assert "GET /red/" in shown
    assert "?[31m" not in shown


def test_pockets_pages_show_names_and_figures_as_a_surveys_page_does():
    """They share the tables, so each filter of the survey's page is the same."""
    mine, pockets = environment().filters, of_pocket().filters
    for name in ("clean", "duration", "seconds", "share"):
        assert pockets[name] is mine[name]
    assert pockets["clean_long"].keywords == mine["clean_long"].keywords
