"""Proof by mutation: a view that is broken changes its lesson's verdict."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.scenarios import SCENARIOS

MUTANTS = Path(__file__).parent / "mutants"
sys.path.insert(0, str(MUTANTS))
try:
    from mutations import MUTATIONS
finally:
    sys.path.remove(str(MUTANTS))

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def mutants(start_app):
    """The demo, with a broken copy of each view beside it."""
    path = os.pathsep.join([str(MUTANTS), os.environ.get("PYTHONPATH", "")])
    with start_app("mutant_settings", PYTHONPATH=path) as running:
        yield running


def moved(parts, mutation):
    """The same, its requests named by the path that the broken view has."""
    return tuple(
        part.replace(" /", f" /{mutation.name}/") if isinstance(part, str) else part
        for part in parts
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_verdict_changes_when_the_view_is_broken(mutants, mutation):
    """The lesson, played on a broken view, is told as not what it expects, and why."""
    lesson = BY_NAME[mutation.lesson]
    requests = tuple(
        request if request.neighbour else replace(request, path=f"/{mutation.name}{request.path}")
        for request in lesson.requests
    )
    expect = lesson.expect
    if expect.first_part:
        expect = replace(expect, first_part=moved(expect.first_part, mutation))
    if expect.times:
        expect = replace(expect, times=moved(expect.times, mutation))
    # What a broken view never makes is not worth waiting for.
    result = mutants.play(replace(lesson, requests=requests, expect=expect, wait_for={}))
    assert not result.ok
    assert any(mutation.problem in problem for problem in result.problems), result.problems


def test_every_lesson_has_a_mutation():
    """No lesson stands without a broken view that its verdict tells from the real one."""
    assert {mutation.lesson for mutation in MUTATIONS} == set(BY_NAME)
