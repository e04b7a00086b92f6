"""Answers for agents fit in their context, whatever a trace holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap.errors import OverlapError
from overlap.mcp.bounds import bounded, code_line
from overlap.mcp.paging import MOST_CHARACTERS, MOST_OF_A_ROW, length, page, shortened

ROWS = [{"name": f"span {number}", "ms": 1.0} for number in range(2_000)]


def test_pages_follow_one_another_and_hold_every_row_once():
    """`next_offset` leads from page to page, until it is None."""
    seen, offset, pages = [], 0, 0
    while offset is not None:
        answer = page(ROWS, offset)
        assert length(answer["rows"]) <= MOST_CHARACTERS + 2 * len(answer["rows"])
        assert answer["total"] == len(ROWS)
        seen += answer["rows"]
        offset, pages = answer["next_offset"], pages + 1
    assert seen == ROWS
    assert pages > 2


def test_no_rows_are_one_empty_page():
    """A trace without advice has an answer, not an error."""
    assert page([], 0) == {"rows": [], "total": 0, "next_offset": None}


@pytest.mark.parametrize(("rows", "offset"), [([], 1), (ROWS, 2_000), (ROWS, -1)])
def test_an_offset_behind_the_last_row_is_one_sentence(rows, offset):
    """It says which offsets there are."""
    with pytest.raises(OverlapError, match=r"^offset -?\d+ is not in 0 to \d+: [\d,]+ rows$"):
        page(rows, offset)


def test_a_row_that_is_too_large_is_shortened_and_still_returned():
    """A page always moves on, so that an agent never asks for the same page for ever."""
    row = {"names": ["n" * 5_000 for _ in range(500)], "text": "x" * 100_000}
    answer = page([row, *ROWS], 0)
    assert answer["next_offset"] is None or answer["next_offset"] >= 1
    assert length(answer["rows"][0]) <= MOST_OF_A_ROW
    assert answer["rows"][0]["names"][-1].endswith("more")


def test_texts_of_a_trace_are_printable_and_cut():
    """Control characters, and names of any length, are in no answer."""
    found = bounded({"a\x1b[31m": "b\x00" + "c" * 10_000, "n": [0.123456, None, True, 7]})
    assert found == {"a?[31m": found["a?[31m"], "n": [0.123, None, True, 7]}
    assert len(found["a?[31m"]) == 600
    assert found["a?[31m"].isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@given(JSON)
def test_any_row_becomes_json_of_a_bounded_size(row):
    """Whatever is in it."""
    assert len(json.dumps(shortened(row))) <= 20 * MOST_OF_A_ROW


@pytest.mark.parametrize(
    ("at", "parts"),
    [
        ("shop/a.py:14 in buy", {"file": "shop/a.py", "line": 14, "function": "buy"}),
        ("C:\\shop\\a.py:14 in a.b", {"file": "C:\\shop\\a.py", "line": 14, "function": "a.b"}),
        ("views.py:3", {"file": "views.py", "line": 3}),
        ("garbage collection", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_place_in_the_code_is_file_line_and_function(at, parts):
    """An agent opens the file at the line."""
    assert code_line(at) == parts
