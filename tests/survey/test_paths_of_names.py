"""The names of a critical path, also where it leads below no span of its request."""

from overlap.judge.tree.repair import repair
from overlap.survey.summing.path_rows import DEEPER, MOST_DEEP, path_rows
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


def test_a_path_of_ten_thousand_names_is_cut(span):
    """All paths of a deep chain would take its square; their time is summed up as deeper."""
    deep = [span("1", 0, 20_000, name="GET /", kind="server")]
    for number in range(2, 10_002):
        deep.append(span(str(number), 0, 20_000 - number, str(number - 1), name=f"call {number}"))
    tree = repair(deep, "f" * 32)
    numbers, rows, _ = path_rows(tree, 0, range(len(deep)))
    assert len(numbers) == len(deep)
    paths = {path: path.split(SEPARATOR) for path, _ in rows}
    assert len(paths) == MOST_DEEP + 1
    assert max(map(len, paths.values())) == MOST_DEEP + 1
    (deeper,) = (path for path, called in paths.items() if called[-1] == DEEPER)
    assert rows[numbers[9_999]][0] == deeper
    assert paths[deeper][:3] == ["GET /", "call 2", "call 3"]
