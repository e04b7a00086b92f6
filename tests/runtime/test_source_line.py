"""A line of source is read without keeping its file."""

import linecache

from overlap.runtime.stack import source_line


def test_the_line_is_returned_and_the_file_is_not_kept(tmp_path):
    """linecache would keep every file that some block was in."""
    file = tmp_path / "views.py"
    file.write_text("one = 1\n    two = 2\n")
    assert source_line(str(file), 2) == "    two = 2\n"
    assert source_line(str(file), 9) == ""
    assert str(file) not in linecache.cache


def test_what_somebody_else_keeps_stays(tmp_path):
    """A console's input is in linecache alone."""
    name = "<console 1>"
    linecache.cache[name] = (8, None, ["one = 1\n"], name)
    try:
        assert source_line(name, 1) == "one = 1\n"
        assert name in linecache.cache
    finally:
        del linecache.cache[name]


def test_a_file_that_is_not_there_has_no_lines():
    """A frame of compiled code, or of a file that was deleted."""
    assert source_line("/nowhere/x.py", 1) == ""
    assert source_line("<compiled by a test>", 1) == ""
