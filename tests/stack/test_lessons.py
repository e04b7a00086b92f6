"""Every lesson, through the collector: Jaeger's traces show what pocket's show."""

import os
import subprocess
import sys

import pytest

from overlap import verdict
from tests.stack.lessons import PLAYED


@pytest.mark.parametrize("name", PLAYED)
def test_lesson_shows_what_it_expects(played, name):
    """Played through the real stack, the lesson's trace has the expected shape."""
    assert played[name].problems == []


@pytest.mark.parametrize("name", PLAYED)
def test_verdict_is_the_same_from_jaeger_and_from_pocket(played, demo, poll, name):
    """No code knows which backend a trace was kept in: not one figure differs."""
    result = played[name]
    count = len(result.trace.spans)
    url = demo.pocket_url
    poll(lambda: len(demo.trace(result.trace_id, url).spans) >= count)
    jaeger, pocket = demo.trace(result.trace_id), demo.trace(result.trace_id, url)
    assert verdict(jaeger).as_dict() == verdict(pocket).as_dict()


def test_contract_holds_for_jaeger(stack, root):
    """The contract tests of Jaeger's v3 API pass against the real one."""
    where = f"{stack.url('jaeger')},{stack.url('otlp_http')}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/contract", "-k", "jaeger"],
        cwd=root, env={**os.environ, "OVERLAP_TEST_JAEGER": where},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
