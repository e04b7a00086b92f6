import pytest

from overlap.draw import clean, duration
from overlap.draw.text import fit, ticks


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0.00 ms"),
        (0.4213, "0.42 ms"),
        (42.4, "42 ms"),
        (999.4, "999 ms"),
        (999.9, "1.00 s"),
        (1234, "1.23 s"),
        (59_940, "59.9 s"),
        (59_990, "1 m 00 s"),
        (123_000, "2 m 03 s"),
        (3_599_900, "1 h 00 m"),
        (3_660_000, "1 h 01 m"),
        (90_000_000, "1 d"),
        (2.0**64 / 1e6, "213503 d"),
    ],
)
def test_a_duration_has_its_unit(ms, said):
    """Two or three figures, and never more columns than there are for it."""
    assert duration(ms) == said
    assert len(said) <= 9


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("", "?"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202eright to left\u2066", "right to left"),
        ("z" + "\u0301" * 50, "z\u0301\u0301"),
        ("\ud800", "?"),
        ("x" * 10_000, "x" * 400),
    ],
)
def test_a_name_is_cleaned(name, shown):
    """Nothing is left that a terminal would do rather than show."""
    assert clean(name) == shown


def test_a_name_is_told_in_the_terminals_encoding():
    """What it has no letters for is a question mark."""
    assert clean("café", encoding="ascii") == "caf?"


@pytest.mark.parametrize("width", range(12))
def test_text_is_fitted_by_columns(width):
    """Wide characters are never cut in half."""
    for text in ("", "abc", "日本語日本語", "a日b本c語"):
        from rich.cells import cell_len

        assert cell_len(fit(text, width)) == width
        assert cell_len(fit(text, width, "..")) == width


@pytest.mark.parametrize("total_ms", [0.001, 1, 7, 999, 1000, 5051, 61_000, 1e9, 1e13])
@pytest.mark.parametrize("width", [16, 40, 140])
def test_ticks_are_round_and_have_room(total_ms, width):
    """From zero, within the time, and never one label over the next."""
    found = list(ticks(total_ms, width))
    columns = [int(ms * width / total_ms) for ms, _ in found]
    assert found[0] == (0, "0")
    assert all(0 <= ms <= total_ms for ms, _ in found)
    for (_, label), at, after in zip(found, columns, columns[1:], strict=False):
        assert at + len(label) < after
