"""The page of faults is made from the rows, and each row names a test that exists."""

import re

import pytest

from tests.faults.__main__ import PAGE, page
from tests.faults.rows import ROWS


def test_the_page_is_up_to_date():
    """`python -m tests.faults` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_names_a_test(root, row):
    """Which uses the row, or is parametrised by it."""
    file, _, name = row.test.partition("::")
    text = (root / "tests" / "faults" / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, re.M)
