"""The names of a critical path, also where it leads below no span of its request."""

from overlap.judge.tree.repair import repair
from overlap.survey.summing.path_rows import path_rows
from overlap.survey.totals.model import SEPARATOR


def test_a_span_outside_the_request_stands_below_it(span):
    """A recorded await may lead to a task of another root: its own spans follow the request."""
    tree = repair(
        [
            span("1", 0, 100, name="GET /", kind="server"),
            span("2", 10, 90, name="task"),
            span("3", 20, 80, "2", name="work"),
        ],
        "f" * 32,
    )
    numbers = {each.name: index for index, each in enumerate(tree.spans)}
    request, work = numbers["GET /"], numbers["work"]
    numbers, rows, _ = path_rows(tree, request, [request, work])
    assert rows[numbers[work]][0].split(SEPARATOR) == ["GET /", "task", "work"]
    assert rows[numbers[request]][0] == "GET /"
