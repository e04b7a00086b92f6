import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.text import Text

from overlap import names
from overlap.draw.glyphs import SHADE
from overlap.trace import Span

SMOKED = """\
                              0                  1 s
                              ┬──────────────────┬───────────────────┬
scenario smoke_some_meats     ████████████████████████████████████████    2.05 s
└ GET /smoke_some_meats/      ████████████████████████████████████████    2.05 s
  └ GET /smoke_some_meats/▸   ████████████████████████████████████████    2.04 s
    ├ get_smokables       ▸ ∥ ███████████████████████████████████████▍    2.01 s
    │ └ GET               ▸                                          ▎     10 ms
    │   └ GET /           ▸                                          ▏   7.00 ms
    ├ get_flavor            ∥ ███████████████████▉                        1.01 s
    └ smoke               ▸ ›                                        ◦     25 ms
∥ concurrent   › one after another   ▸ critical path   ◦ event
"""

BURNED = """\
                             0               2 s             4 s
                             ┬───────────────┬───────────────┬────────
scenario burn_some_meats     █████████████████████████████████████████    5.05 s
├ GET /burn_some_meats/      ████████████████████████████████████████▉    5.03 s
│ └ GET /burn_some_meats/▸   ████████████████████████████████████████▊    5.02 s
│   └ oversmoke          ▸●  ████████████████████████████████████████▊    5.01 s
└ GET /                   ◌  ░░░░████████████████████████████████████▉    4.54 s
  └ GET /                 ◌  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▕   4.00 ms
░░ event loop blocked 5.00 s by app/views/tutorial.py:91 in oversmoke
▸ critical path   ● blocked the loop   ◌ waited for it
"""

LEFT_BEHIND = """\
                       0              1 s            2 s
                       ┬──────────────┬──────────────┬───────────────┬
GET /sync_to_async/▸   ▍                                                   25 ms
├ http_call_sync     ∥ │▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞    3.06 s
│ ├ tick             › │▒▒▒▒▒▒▒▒▒▒▒▒▒▒◦                                   1.00 s
│ ├ tick             › │              ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒◦                    1.00 s
│ └ tick             › │                             ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒◦    1.00 s
├ fails             ✗∥ │▒▒▒▒▒▒▒▒▒▒▒▒✗                                     892 ms
├ forgotten         ✗∥ │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ lost               1.98 s
├ open               ∥ │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌    no end
└ mark                 ◆
∥ concurrent   › one after another   ▸ critical path   │ response sent
▒▒ after it   ▞▞ on a thread: ThreadPoolExecutor-0_1   ◆ no duration   ◦ event
╌╌ no end recorded   ✗ error or lost
"""

LEFT_BEHIND_ASCII = """\
                       0              1 s            2 s
                       +--------------+--------------+---------------+
GET /sync_to_async/*   #                                                   25 ms
|-http_call_sync     = |%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%    3.06 s
| |-tick             > |~~~~~~~~~~~~~~o                                   1.00 s
| |-tick             > |              ~~~~~~~~~~~~~~~o                    1.00 s
| `-tick             > |                             ~~~~~~~~~~~~~~~~o    1.00 s
|-fails             x= |~~~~~~~~~~~~x                                     892 ms
|-forgotten         x= |~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ lost               1.98 s
|-open               = |..............................................    no end
`-mark                 +
= concurrent   > one after another   * critical path   | response sent
~~ after it   %% on a thread: ThreadPoolExecutor-0_1   + no duration   o event
.. no end recorded   x error or lost
"""


def test_a_gather_is_seen_at_80_columns(draw, smoked):
    """Bars under a time axis, the concurrent ones marked, a legend of what occurs."""
    assert draw(smoked) == SMOKED


def test_a_held_loop_is_shaded_across_all_rows(draw, burned):
    """Who held it, for how long and where; who waited."""
    assert draw(burned) == BURNED


def test_what_the_response_left_behind_is_drawn_past_it(draw, left_behind):
    """A line where the response was sent; thread work, lost work and failures told apart."""
    assert draw(left_behind) == LEFT_BEHIND


def test_without_unicode_the_picture_is_ascii(draw, left_behind):
    """The same rows in the same columns."""
    assert draw(left_behind, encoding="ascii") == LEFT_BEHIND_ASCII


def test_every_line_keeps_to_the_width(draw, smoked, burned, left_behind):
    """At 40 columns, at 80, 120 and 200, and the wide ones use what they have."""
    for spans in (smoked, burned, left_behind):
        for width in (40, 80, 120, 200):
            lines = draw(spans, width).splitlines()
            assert max(len(line) for line in lines) == width
            for encoding in ("utf-8", "ascii"):
                assert all(len(line) <= width for line in draw(spans, width, encoding).splitlines())


def test_colour_adds_no_column(draw, burned):
    """What is left without the escape sequences has the rows and columns of the plain picture."""
    plain = Text.from_ansi(draw(burned, colour="truecolor")).plain
    expected = draw(burned)
    assert [line[:28] for line in plain.splitlines()[2:8]] == [
        line[:28] for line in expected.splitlines()[2:8]
    ]
    assert "\x1b[" not in expected


def test_a_blocked_time_is_a_background_where_there_is_colour(draw, burned):
    """Bars stay visible before it."""
    coloured = draw(burned, colour="truecolor")
    shade = Color.parse(SHADE).get_truecolor()
    assert f"48;2;{shade.red};{shade.green};{shade.blue}" in coloured
    assert "░" not in coloured


def test_names_can_not_write_to_the_terminal(draw, span):
    """Escape sequences, controls and text that turns the line round are gone; markup is text."""
    evil = "[red]x[/red]\x1b[31mEVIL\x1b]0;title\x07\r\n\u202eback\x00\ud800"
    text = draw([span("a", 0, 5, name=evil), span("b", 1, 4, "a", name="")], 120)
    assert "[red]x[/red]EVIL  back" in text
    assert not any(unicodedata.category(char) in {"Cc", "Cf"} for char in text.replace("\n", ""))


def test_wide_names_are_cut_by_columns(draw, span):
    """A name in Japanese takes two columns a character, and the bars still stand in line."""
    spans = [span("a", 0, 5, name="日本語の長い名前の道をどこまでも行く"), span("b", 0, 5, "a")]
    rows = draw(spans).splitlines()[2:4]
    assert "…" in rows[0]
    assert cell_len(rows[0]) == cell_len(rows[1]) == 80
    assert cell_len(rows[0].partition("█")[0]) == cell_len(rows[1].partition("█")[0])


def test_more_than_twelve_siblings_of_a_name_are_folded(draw, span):
    """Twelve are drawn, the others are one row with what is below them."""
    spans = [span("root", 0, 100)]
    for i in range(50):
        spans += [span(f"q{i}", i, i + 2, "root", name="query"), span(f"x{i}", i, i + 1, f"q{i}")]
    text = draw(spans)
    assert text.count(" query ") == 13
    assert "└ … and 38 more query" in text
    assert "x11" in text
    assert "x12" not in text


def test_twelve_siblings_of_a_name_are_not(draw, span):
    """Few enough to be seen one by one."""
    text = draw(
        [span("root", 0, 50), *(span(f"t{i}", i, i + 1, "root", name="t") for i in range(12))]
    )
    assert "more" not in text


def test_a_long_trace_is_cut_and_says_so(draw, span):
    """No more rows than a reader would scroll through; the rest is counted."""
    spans = [span("root", 0, 1000), *(span(f"s{i}", i, i + 1, "root") for i in range(999))]
    text = draw(spans)
    rows = text.splitlines()[2:-1]
    assert len(rows) == 300
    assert "└ … and 701 more: s" in rows[-1]


def test_a_large_trace_shows_what_matters(draw, span):
    """The root's children, the longest spans, the error; what is narrower than a column is folded.

    Siblings are 20 calls of 100 ms, each over 200 queries of 0.1 ms, and one deep long chain.
    """
    spans = [span("root", 0, 3000, name="GET /")]
    for call in range(20):
        spans.append(span(f"c{call}", 100 * call, 100 * call + 100, "root", name=f"call {call}"))
        for query in range(200):
            at = 100 * call + query * 0.4
            spans.append(span(f"q{call}-{query}", at, at + 0.1, f"c{call}", name="query"))
    spans.append(span("bad", 1990, 1990.1, "c19", name="broken", status="error"))
    spans.append(span("deep0", 2000, 3000, "root", name="deep 0"))
    for level in range(1, 5):
        spans.append(span(f"deep{level}", 2000, 3000, f"deep{level - 1}", name=f"deep {level}"))
    rows = draw(spans, 100).splitlines()
    assert len(rows) < 310
    for name in (*(f" call {call} " for call in range(20)), "deep 4", "broken"):
        assert any(name in row for row in rows), name
    assert sum("and 200 more" in row for row in rows) == 20


def test_deep_traces_stop_indenting(draw, span):
    """Names stay readable a hundred levels down."""
    spans = [span(f"s{i}", i, 300 - i, f"s{i - 1}" if i else None) for i in range(100)]
    assert "└ s99" in draw(spans)


def test_nothing_has_a_picture_too(draw):
    """No span: a sentence."""
    assert draw([]) == "no spans\n"


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            Span,
            trace_id=st.just("t"),
            span_id=st.sampled_from("abcdef"),
            name=st.one_of(st.text(max_size=20), st.just(names.SPAN_BLOCKED)),
            start_ns=st.one_of(st.integers(0, 2**64), st.integers(0, 10**9)),
            end_ns=st.one_of(st.none(), st.integers(0, 10**9)),
            parent_id=st.one_of(st.none(), st.sampled_from("abcdef")),
            kind=st.sampled_from(["internal", "server", "client"]),
            service=st.text(max_size=2),
            attributes=st.dictionaries(
                st.sampled_from([names.THREAD_ID, names.THREAD_NAME, names.CODE_FILE_PATH]),
                st.text(max_size=5),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from([20, 40, 80, 200]),
    st.sampled_from([None, "standard", "truecolor"]),
)
def test_any_soup_of_spans_has_a_picture_within_its_width(draw, spans, width, colour):
    """Never an exception, and never a line that would wrap."""
    for encoding in ("utf-8", "ascii"):
        text = draw(spans, width, encoding, colour)
        plain = Text.from_ansi(text).plain
        assert all(cell_len(line) <= max(width, 20) for line in plain.splitlines())
