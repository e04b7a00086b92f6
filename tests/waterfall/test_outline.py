"""A large trace is drawn by what matters; the rest is folded with its count, and can be opened."""

from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.judge import verdict
from overlap.trace import Span, Trace
from overlap.waterfall import Outline, Waterfall, layout
from overlap.waterfall.outline import COLUMNS, IMPORTANT

MS = 1_000_000


def work(span_id: str, start: float, end: float, parent: str = "", **fields) -> Span:
    name = fields.pop("name", span_id)
    return Span("f" * 32, span_id, name, int(start * MS), int(end * MS), parent_id=parent, **fields)


def outline(*spans: Span) -> Outline:
    trace = Trace("f" * 32, spans)
    return Outline(trace, verdict(trace))


def drawn(waterfall: Waterfall) -> list[str]:
    return [bar.span.span_id for bar in waterfall.bars]


def many(count: int, parent: str = "root", step: float = 1.0, **fields) -> list[Span]:
    return [
        work(f"{parent}.{n}", n * step, n * step + step / 2, parent, **fields) for n in range(count)
    ]


def test_a_small_trace_has_every_row_and_no_fold():
    """As `layout` has it."""
    spans = [work("root", 0, 100), *many(20)]
    trace = Trace("f" * 32, tuple(spans))
    found = outline(*spans).overview(50)
    assert found == layout(trace, verdict(trace), limit=50)
    assert found.folds == []


def test_the_longest_children_of_the_root_are_drawn_and_all_others_counted():
    """One fold stands for what is left, with its most frequent names."""
    spans = [work("root", 0, 1000)]
    spans += [work(f"{n}", n, n + 9 + n / 1000, "root", name=f"GET {n % 2}") for n in range(900)]
    found = outline(*spans).overview(100)
    assert drawn(found) == ["root", *(str(n) for n in range(801, 900))]
    [fold] = found.folds
    assert (fold.parent_id, fold.siblings, fold.spans, fold.after) == ("root", 801, 801, 100)
    assert fold.names == [("GET 0", 401), ("GET 1", 400)]
    assert (fold.start_ms, fold.end_ms) == (0, 809.8)


def test_what_is_narrower_than_a_column_is_folded_where_its_parent_is_drawn():
    """Rows are left over, and not spent on bars that nobody can see."""
    narrow = COLUMNS / 1000 / 2
    spans = [work("root", 0, COLUMNS), work("loop", 0, COLUMNS, "root"), work("last", 0, 9, "loop")]
    spans += many(500, "loop", narrow)
    found = outline(*spans).overview(300)
    assert drawn(found) == ["root", "loop", "last"]
    assert [(fold.parent_id, fold.siblings, fold.after) for fold in found.folds] == [
        ("loop", 500, 3)
    ]


def test_each_kind_of_child_of_the_root_is_seen():
    """However short it is; of many of one name, some."""
    spans = [work("root", 0, 100_000)]
    spans += [work(f"{n}", n, n + 1, "root", name=f"GET {n // 300}") for n in range(900)]
    found = outline(*spans).overview(300)
    names = [bar.span.name for bar in found.bars]
    assert names == ["root", *["GET 0"] * 12, *["GET 1"] * 12, *["GET 2"] * 12]
    assert [fold.siblings for fold in found.folds] == [900 - 36]


def test_errors_are_drawn_however_short_they_are():
    """With the spans above them; at most a fixed number, so that they can't fill the picture."""
    spans = [work("root", 0, 1000), work("loop", 0, 0.2, "root"), *many(800, "loop", 0.0002)]
    spans += many(800, step=1.2)  # the root's: longer than all the others
    spans += [work("bad", 5, 5.01, "loop.50", status="error")]
    spans += [work(f"worse{n}", 6, 6.01, "loop.60", status="error") for n in range(200)]
    found = drawn(outline(*spans).overview(300))
    assert {"root", "loop", "loop.50", "bad"} <= set(found)
    assert sum(name.startswith("worse") for name in found) == IMPORTANT - 1


def test_an_opened_span_is_drawn_to_its_own_scale_with_a_part_of_its_children():
    """What comes before and after that part is folded; the spans above frame it."""
    spans = [work("root", 0, 10_000), work("loop", 1000, 1100, "root"), *many(900)]
    spans += [work(f"{n}", 1000 + n / 10, 1000 + n / 10 + 0.05, "loop") for n in range(1000)]
    found = outline(*spans).opened("loop", 100, 300)
    assert drawn(found) == ["root", "loop", *(str(n) for n in range(300, 400))]
    assert found.total_ms == 100
    assert [(bar.start_ms, bar.end_ms) for bar in found.bars[:3]] == [
        (0, 100),
        (0, 100),
        (30, 30.05),
    ]
    assert found.bars[0].took_ms == 10_000
    before, after = found.folds
    assert (before.siblings, before.first, before.after) == (300, 200, 2)
    assert (after.siblings, after.first, after.after) == (600, 400, 102)


def test_a_search_finds_names_services_attributes_and_ids():
    """In any case of letters; with the spans above each hit."""
    spans = [work("root", 0, 100), *many(500)]
    spans += [
        work("a", 1, 2, "root.7", name="SELECT Meat"),
        work("b", 1, 2, "root.8", attributes={"db.query.text": "select meat"}),
        work("c", 1, 2, "root.9", service="meatshop"),
    ]
    waterfall, ids = outline(*spans).found("MEAT", 100)
    assert ids == ["a", "b", "c"]
    assert drawn(waterfall) == ["root", "root.7", "a", "root.8", "b", "root.9", "c"]
    assert outline(*spans).found("root.77", 100)[1] == ["root.77"]
    assert len(outline(*spans).found("root", 50)[0].bars) == 50


def test_ten_thousand_levels_have_an_outline():
    """Nothing recurses; the deepest can be opened, below the last few above it."""
    depth = 10_000
    chain = [work(f"{n}", 0, depth - n, f"{n - 1}" if n else "") for n in range(depth)]
    found = outline(*chain)
    assert len(found.overview(300).bars) == 300
    assert drawn(found.opened("9990", 300))[-1] == "9999"


def test_an_unknown_span_and_one_without_children_are_not_opened():
    """The caller shows the overview."""
    found = outline(work("root", 0, 1))
    assert found.opened("other", 100) is None
    assert found.opened("root", 100) is None
    assert outline().opened("", 100) is None
    assert outline().overview(100) == Waterfall(total_ms=0.0)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 900), st.integers(0, 900)), max_size=80)
)
@settings(max_examples=60)
def test_every_span_is_reached_by_opening_folds(drawing):
    """Whatever the tree: no span is left out of the overview and of all folds."""
    spans = [work("s0", 0, 1000)]
    for number, (above, start, length) in enumerate(drawing, 1):
        parent = "" if above % 11 == 10 else f"s{above % number}"
        spans.append(work(f"s{number}", start, start + length / 10, parent))
    found = outline(*spans)
    waterfall = found.overview(8)
    seen, waiting = set(drawn(waterfall)), list(waterfall.folds)
    assert len(waterfall.bars) <= 8
    asked = set()
    while waiting:
        fold = waiting.pop()
        if (fold.parent_id, fold.first) in asked:
            continue
        asked.add((fold.parent_id, fold.first))
        waterfall = found.opened(fold.parent_id, 8, fold.first)
        seen.update(drawn(waterfall))
        waiting += waterfall.folds
    assert seen == {span.span_id for span in spans}
