"""What each change makes of a program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlap.errors import OverlapError
from overlap.whatif import (
    Call,
    Change,
    Fork,
    Job,
    Run,
    Spawn,
    Use,
    Wait,
    parse_faster,
    parse_gather,
    parse_pool,
    simulate,
)
from overlap.whatif.changes import FASTER, GATHER, POOL, WITHOUT_BLOCK, Applied
from overlap.whatif.program import alone_ns

A, B, C = (Call(name, (Wait(ns),)) for name, ns in (("a", 10), ("b", 20), ("c", 30)))


def applied(change, *items):
    """The changed program, and how often the change fitted."""
    one = Applied(change)
    return one(items), one.count


def test_a_faster_span_loses_its_part_of_all_that_is_in_it():
    """Steps and waits, at any depth; what is beside it stays."""
    inside = (Run(10, "x.py:1"), Call("b", (Wait(20), Fork(((Wait(40),), (Run(2),))))))
    items, count = applied(parse_faster("a=50%"), Call("a", inside), B)
    assert count == 1
    assert items == (
        Call("a", (Run(5, "x.py:1"), Call("b", (Wait(10), Fork(((Wait(20),), (Run(1),))))))),
        B,
    )


def test_a_pattern_names_several_spans():
    """As in a shell."""
    items, count = applied(parse_faster("SELECT *=100%"), Call("SELECT meat", (Wait(8),)), A)
    assert (items, count) == ((Call("SELECT meat", (Wait(0),)), A), 1)


def test_without_its_block_a_line_is_awaited_and_frees_the_loop():
    """It takes as long, and every other step stays on the loop."""
    step = Run(100, "app/views/tutorial.py:80 in oversmoke")
    off_loop = Change(WITHOUT_BLOCK, "in oversmoke")
    items, count = applied(off_loop, Run(1), Use("p", (Call("a", (step,)),)), Spawn((step,)))
    assert count == 2
    assert items == (Run(1), Use("p", (Call("a", (Wait(100),)),)), Spawn((Wait(100),)))


def test_gathered_calls_start_together_after_what_was_between_them():
    """What the parent itself did before the last of them comes first."""
    items, count = applied(parse_gather("a, b"), Run(1), A, Run(2), Wait(3), B, Run(4))
    assert count == 1
    assert items == (Run(1), Run(2), Wait(3), Fork(((A,), (B,))), Run(4))


def test_another_call_between_them_keeps_them_apart():
    """It may need the first, and the second may need it."""
    assert applied(parse_gather("a,b"), A, C, B) == ((A, C, B), 0)


def test_one_name_gathers_all_calls_of_that_name_in_a_row():
    """At any depth, and in each row by itself."""
    row = (A, Run(1), A, A)
    items, count = applied(parse_gather("a"), Call("view", row), C, A, A)
    three = (Call("view", (Run(1), Fork(((A,), (A,), (A,))))), C, Fork(((A,), (A,))))
    assert (items, count) == (three, 2)


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_faster, text) for text in ("", "a", "a=", "a=0%", "a=101%", "a=50", "=50%", "a=-5%")]
    + [(parse_gather, text) for text in ("", ",", " , ")]
    + [(parse_pool, text) for text in ("", "0", "a=", "a=0", "=5", "a=x", "-1", "1.5")],
)
def test_what_is_no_change_is_one_sentence(parse, text):
    """With what was given, and an example."""
    with pytest.raises(OverlapError, match="such as"):
        parse(text)


def test_a_change_can_be_said_in_words():
    """For the report."""
    assert [each.words for each in (
        parse_faster("a=25%"), parse_gather("a,b"), parse_pool("threads=8"), parse_pool("8"),
        Change(WITHOUT_BLOCK, "x.py:1"), Change("workers", "", 1), Change("workers", "", 3),
    )] == [
        "a takes 25% less time", "a and b run at once", "8 places in the pool threads",
        "8 places in the pool", "x.py:1 does not run on the event loop", "1 worker", "3 workers",
    ]  # fmt: skip
    assert (parse_faster("x=y=5%").target, parse_pool("a=b=5").target) == ("x=y", "a=b")
    assert {parse_gather("a").kind, parse_pool("1").kind, parse_faster("a=1%").kind} == {
        GATHER, POOL, FASTER,
    }  # fmt: skip


CALLS = st.lists(
    st.builds(
        Call, st.sampled_from("abc"),
        st.lists(st.one_of(st.builds(Run, st.integers(0, 9)), st.builds(Wait, st.integers(0, 9))),
                 max_size=3).map(tuple),
    ),
    max_size=5,
).map(tuple)  # fmt: skip


@given(CALLS, st.sampled_from([parse_faster("a=50%"), parse_gather("a,b"),
                               Change(WITHOUT_BLOCK, "x.py")]))  # fmt: skip
def test_no_change_makes_a_request_alone_slower(items, change):
    """Each takes something away, or lets it run beside something else."""
    changed, _ = applied(change, *items)
    jobs = [[Job("s", "r", 0, 0, program, 0)] for program in (items, changed)]
    before, after = (simulate(each).times[0] for each in jobs)
    assert after <= before
    assert alone_ns(changed) <= alone_ns(items)
