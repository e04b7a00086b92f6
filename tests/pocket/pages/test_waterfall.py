"""A waterfall becomes classes and per cents that stay inside the picture."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap import names
from overlap.judge import verdict
from overlap.pocket.pages.drawing.attribute_text import VALUE_CHARS, value_text
from overlap.pocket.pages.drawing.waterfall import picture
from overlap.pocket.pages.expectation import checks, stages
from overlap.scenario import Expectation, Scenario
from overlap.trace import Span, Trace
from overlap.waterfall import layout

MS = 1_000_000


def work(span_id: str, start: int, end: int | None, **fields) -> Span:
    ended = None if end is None else end * MS
    return Span("t" * 32, span_id, fields.pop("name", span_id), start * MS, ended, **fields)


def drawn(*spans: Span, **options):
    trace = Trace("t" * 32, spans)
    return picture(layout(trace, verdict(trace)), **options)


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.none() | st.integers(0, 10_000)), min_size=1),
    st.integers(0, 2**64).map(lambda ns: ns / 1e6),  # what times in nanoseconds can give
)
def test_everything_lies_within_the_picture(times, scale):
    """No bar, dot, line or label stands outside 0 to 100 per cent, whatever the times."""
    spans = [work(f"{n}", start, end) for n, (start, end) in enumerate(times)]
    for row in drawn(*spans, scale_ms=scale).rows:
        for box in row.boxes:
            x, width = float(box.x[:-1]), float(box.width[:-1])
            assert x >= 0
            assert x + width <= 100.01
        assert 0 <= float(row.label_x[:-1]) <= 100


def test_two_pictures_share_a_scale():
    """A scenario half as long as its pair is drawn half as wide."""
    [row] = drawn(work("a", 0, 100), scale_ms=200).rows
    assert row.boxes[0].width == "50.000%"


@pytest.mark.parametrize("live", [True, False])
def test_a_task_is_not_called_lost_while_its_trace_grows(live):
    """Started and not ended means lost only once nothing comes any more."""
    started = work(
        "b", 1, 1, parent_id="a", name=names.SPAN_TASK_STARTED, attributes={names.TASK_ID: "1"}
    )
    picture = drawn(work("a", 0, 100, kind="server"), started, live=live)
    said = [badge.kind for row in picture.rows for badge in row.badges]
    assert said == (["open"] if live else ["lost"])


def test_long_values_are_cut_and_say_so():
    """Nobody reads a megabyte in a table."""
    text = value_text("x" * 5_000)
    assert len(text) < VALUE_CHARS + 50
    assert text.endswith("(5,000 characters)")


def test_stages_read_as_they_ran():
    """At once is joined by ∥, one after another by ›, what repeats is counted."""
    assert stages([["a", "b"], ["c"], ["c"], ["d", "d"]]) == "a ∥ b › c × 2 › d × 2"


def test_each_expectation_is_checked_by_itself():
    """One thing that is missing does not make the others wrong."""
    expect = Expectation(
        shapes=frozenset({"concurrent"}),
        never=frozenset({"lost"}),
        stages=(("b", "c"),),
        overlap_factor=(1.9, 2.1),
        culprit="sleep",
        victims=(),
        background=("x",),
        offloaded=("y",),
    )
    scenario = Scenario("n", "t", "w", (), expect)
    root = work("a", 0, 100)
    spans = (root, work("b", 0, 50, parent_id="a"), work("c", 0, 50, parent_id="a"))
    found = {each.what: each.ok for each in checks(scenario, verdict(Trace("t" * 32, spans)))}
    assert found == {
        "shapes": True, "must not show": True, "stages": True, "overlap factor": True,
        "culprit": False, "victims": True, "past the response": False, "on a thread": False,
    }  # fmt: skip
    unseen = checks(replace(scenario), None)
    assert not any(each.ok or each.seen for each in unseen)


def test_a_bars_shares_are_its_length_divided():
    """Running, ready, awaiting, in this order, and no more than there is."""
    told = {names.LOOP_RUNNING_MS: 20.0, names.LOOP_READY_MS: 30.0}
    found = drawn(work("a", 0, 100, attributes=told), work("b", 100, 200), scale_ms=200)
    assert [(box.kind, box.x, box.width) for box in found.rows[0].shares] == [
        ("running", "0.000%", "10.000%"),
        ("ready", "10.000%", "15.000%"),
        ("awaiting", "25.000%", "25.000%"),
    ]
    assert found.rows[1].shares == []
    too_much = {names.LOOP_RUNNING_MS: 1e9, names.LOOP_READY_MS: float("nan")}
    (row,) = drawn(work("a", 0, 100, attributes=too_much)).rows
    assert [(box.kind, box.width) for box in row.shares] == [("running", "100.000%")]


def test_lanes_lie_within_the_picture_and_a_request_keeps_its_colour():
    """One colour in the loop's lane, a queue before the turn that waited."""
    turns = {names.LOOP_TURNS: "0+1 90000+99999", names.THREAD_ID: 1}
    thread = {names.THREAD_ID: 2, names.THREAD_QUEUED_MS: 20.0}
    found = drawn(
        work("a", 0, 100, kind="server", attributes=turns),
        work("b", 40, 60, parent_id="a", attributes=thread),
    )
    loop, lane = found.lanes
    assert {turn.colour for turn in loop.turns} == {0}
    assert lane.turns[0].queue.x == "20.000%"
    for turn in (*loop.turns, *lane.turns):
        assert 0 <= float(turn.box.x[:-1]) <= 100 - float(turn.box.width[:-1])


def test_the_critical_path_is_drawn_above_the_bars_it_runs_through():
    """To the same scale as the bars; a row that is not on it has no mark."""
    found = drawn(
        work("root", 0, 100), work("a", 0, 50, parent_id="root"), work("b", 0, 80, parent_id="root")
    )
    marks = {row.name: [(box.x, box.width) for box in row.path] for row in found.rows}
    assert marks == {"root": [("80.000%", "20.000%")], "a": [], "b": [("0.000%", "80.000%")]}
    assert found.has_path
