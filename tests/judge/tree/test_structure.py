"""What traces of one structure share."""

from msgspec import structs

from overlap import verdict
from overlap.judge.tree import structure
from overlap.judge.tree.columns import Columns
from overlap.judge.tree.repair import repair
from overlap.judge.tree.structure import LARGE, structure_of
from overlap.trace import Span
from tests.survey.conftest import request

TRACE = f"{1:032x}"


def test_traces_that_differ_in_their_times_only_share_it():
    """A name, a kind or a parent that differs makes another structure."""
    first, longer = request(1, 100), request(1, 200)
    shared = repair(first, TRACE).structure
    assert repair(longer, TRACE).structure is shared
    for changes in ({"name": "other"}, {"kind": "client"}, {"parent_id": None}):
        changed = [*first[:2], structs.replace(first[2], **changes)]
        assert repair(changed, TRACE).structure is not shared


def test_a_verdict_does_not_depend_on_the_traces_before():
    """What is shared is not changed by the trace that was judged first."""
    for ms in (1, 100, 5000):
        spans = request(1, ms, more=[])
        late = structs.replace(spans[2], start_ns=spans[0].end_ns, end_ns=spans[0].end_ns + 10**9)
        for each in (spans, [*spans[:2], late], spans):
            structure._kept.cache_clear()
            alone = verdict(each)
            verdict(request(1, 7))
            assert verdict(each) == alone


def test_a_large_trace_is_not_kept():
    """Hardly any other is like it."""
    parents = (-1, *[0] * LARGE)
    names = kinds = services = ("x",) * len(parents)
    found = structure_of(parents, names, kinds, services)
    assert structure_of(parents, names, kinds, services) is not found


def test_the_columns_are_the_fields_of_a_span():
    """They are read by place: there is one for each field."""
    assert len(Columns._fields) == len(Span.__struct_fields__)
    tree = repair(request(1, 100), TRACE)
    assert [tree.starts, tree.ends] == [
        [each.start_ns for each in tree.spans],
        [each.end_ns for each in tree.spans],
    ]
