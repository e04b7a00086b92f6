"""The walk, docs/tutorial/walk.md: each stop is a lesson, each change a proven one."""

import re

import pytest
from mutations import MUTATIONS

from app.scenarios import SCENARIOS

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
STOP = re.compile(r"^## (\d+)\. `(\w+)`\n(.*?)(?=^## )", re.M | re.S)


@pytest.fixture(scope="module")
def stops(pytestconfig):
    """The text of each stop by its lesson's name, in order."""
    text = (pytestconfig.rootpath / "docs" / "tutorial" / "walk.md").read_text(encoding="utf-8")
    found = STOP.findall(text)
    assert [int(number) for number, _, _ in found] == list(range(1, 11))
    return {name: stop for _, name, stop in found}


def test_it_goes_from_hello_to_durable(stops):
    """By lessons that there are."""
    assert next(iter(stops)) == "index"
    assert list(stops)[-1] == "durable"
    assert set(stops) <= set(BY_NAME)


def test_each_stop_plays_its_lesson(stops):
    """Perhaps others beside it."""
    for name, stop in stops.items():
        (played,) = re.findall(r'^\$ make play LESSONS="?([\w ]+)"?$', stop, re.M)
        assert played.split()[0] == name
        assert set(played.split()) <= set(BY_NAME)


def test_each_stop_tells_the_lessons_shapes_and_its_view(stops, root):
    """The shapes that it expects, and where its view is."""
    for name, stop in stops.items():
        (shapes,) = re.findall(r"^Shapes: \*\*([\w, ]+)\*\*", stop, re.M)
        assert shapes == ", ".join(sorted(BY_NAME[name].expect.shapes))
        ((view, file),) = re.findall(r"Made by `(\w+)` in `([\w/.]+)`", stop)
        assert file == BY_NAME[name].source
        assert re.search(rf"^(async )?def {view}\(", (root / file).read_text("utf-8"), re.M)


def test_each_change_is_one_whose_verdict_is_proven(stops, root):
    """test_mutations.py plays it; what the walk says of it is what the result then says."""
    for name, stop in stops.items():
        (diff,) = re.findall(r"```diff\n(.*?)```", stop, re.S)
        lines = [(line[:1], line[1:]) for line in diff.splitlines()]
        before = "\n".join(text for sign, text in lines if sign != "+")
        after = "\n".join(text for sign, text in lines if sign != "-")
        proven = [
            mutation
            for mutation in MUTATIONS
            if mutation.scenario == name and _same(root, mutation, before, after)
        ]
        assert proven, f"{name}: no mutation makes this change"
        assert any(f"**{mutation.problem}" in stop for mutation in proven), name


def _same(root, mutation, before, after):
    source = (root / f"{mutation.module.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert source.count(before) == 1, before
    changed = source.replace(before, after)
    broken = source.replace(mutation.old, mutation.new)
    return _bare(changed) == _bare(broken)


def _bare(source):
    return [line for line in source.splitlines() if line.strip()]
