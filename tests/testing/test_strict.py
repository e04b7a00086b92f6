"""`traced.strict()`: every call that blocks the loop fails the test, in a process of its own."""

import re

import pytest

pytestmark = pytest.mark.slow


def test_every_kind_of_call(run):
    """Sleeps, files, sockets, names, subprocesses and locks; on the loop, and nowhere else."""
    done = run("suite_strict.py", "-p", "no:randomly", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    match = re.search(r"(\d+) passed", done.stdout)
    assert match
    assert int(match[1]) > 50
