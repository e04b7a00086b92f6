"""What a request leaves in its thread, connection or process: stock ASGI, lean and WSGI."""

import pytest

from tests.lean.__main__ import PAGE, page
from tests.lean.rows import ANYWHERE, COLUMNS, POSTGRESQL, SQLITE, expected

WAYS = {
    "stock ASGI": (False, 0, "states_left"),
    "lean": (True, 0, "states_left"),
    "lean, CONN_MAX_AGE=60": (True, 60, "states_left"),
    "WSGI, CONN_MAX_AGE=60": (False, 60, "states_left_wsgi"),
}
columns = pytest.mark.parametrize("column", COLUMNS)


@columns
def test_the_next_request_finds_what_the_table_says(on_sqlite, column):
    """Every state is left by one request, and looked for by the next."""
    lean, age, scenario = WAYS[column]
    stage = on_sqlite(lean, age=age, LEAN_APART="states")
    assert stage.play(scenario) == expected((*ANYWHERE, *SQLITE), column)


@pytest.mark.postgresql
@columns
def test_the_next_request_finds_no_more_of_a_session(on_postgresql, column):
    """Roles, search paths, locks and temporary tables belong to the connection."""
    lean, age, scenario = WAYS[column]
    assert on_postgresql(lean, age=age).play(scenario) == expected(POSTGRESQL, column)


def test_the_page_is_up_to_date():
    """`python -m tests.lean` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("row", [*ANYWHERE, *SQLITE, *POSTGRESQL], ids=lambda row: row.name)
def test_what_differs_from_stock_says_how_to_reset_it(row):
    """No row is left without an answer."""
    differs = len(set(row.left[:3])) > 1
    assert bool(row.reset) >= differs
