"""Scenarios of a project: whatever their texts and numbers, pages and reports show them."""

import json
from dataclasses import asdict
from functools import cache
from types import SimpleNamespace

import msgspec

from overlap.judge import verdict
from overlap.scenario import Expectation, Request, Scenario, mismatches
from overlap.trace import read
from tests.fuzz.printable import assert_harmless
from tests.fuzz.targets.asgi import ask
from tests.fuzz.targets.pocket import pocket, post, queue
from tests.fuzz.targets.samples import otlp_json

_FOUND = verdict(read(otlp_json())[0])


def seeds() -> list[bytes]:
    expect = Expectation(
        frozenset({"concurrent"}), frozenset({"lost"}), (("a", "b"), ("c",)), (1.0, 2.0), 3,
        (10, 500), "views.py", ("GET /",), ("work",), 5.0, ("work",), ("x",), ("y",),
        (("task", "done", 3),), ("a", "b", 0.5, 2.0), ("a", 0.1, 0.9),
    )  # fmt: skip
    scenario = Scenario(
        "first", "The <b>first</b>", "One `await`.", (Request("/first/", 0.5, status=404),),
        expect, pair="first", source="views.py", wait_for={"work": 2},
    )  # fmt: skip
    return [json.dumps(asdict(scenario), default=sorted).encode()]


@cache
def _pocket() -> SimpleNamespace:
    made = pocket()
    assert post(made.app, otlp_json()).status == 200
    return made


def check(data: bytes) -> None:
    try:
        scenario = msgspec.convert(json.loads(data), Scenario)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return
    mismatches(scenario.expect, _FOUND)
    made = _pocket()
    made.contents.play_queue = queue([scenario])
    for path in ("/", "/fragment", f"/lessons/{scenario.name}"):
        answer = ask(made.app, path)
        if "/" not in scenario.name and scenario.name not in ("", ".", ".."):
            assert answer.status == 200, (path, answer.status)
        # A name that ends with a slash is redirected to the one without.
        assert answer.status in (200, 404, 307 if "/" in scenario.name else 200)
        assert_harmless(answer.body.decode())
