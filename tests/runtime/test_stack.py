"""Which line is the user's own, and how a stack reads."""

from __future__ import annotations

import asyncio
import sys
import sysconfig
from pathlib import Path

from overlap.runtime.stack import OWN, Line, culprit, is_users, lines, text

STDLIB = Line(asyncio.__file__, 1, "inside")
INSTALLED = Line("/somewhere/site-packages/django/core.py", 2, "handler")
OURS = Line(f"{OWN}/lens/steps.py", 5, "_run")
FROZEN = Line("<frozen importlib._bootstrap>", 3, "_load")
USERS = Line(str(Path.cwd() / "app" / "views.py"), 4, "oversmoke")


def test_the_innermost_line_of_the_users_own_is_to_blame():
    """Not the library that it calls, nor the one that calls it."""
    assert culprit((STDLIB, FROZEN, USERS, INSTALLED)) == USERS


def test_without_a_line_of_the_users_the_innermost_is():
    """There is always a line to name, and it is not ours where there is another."""
    assert culprit((INSTALLED, STDLIB)) == INSTALLED
    assert culprit((OURS, INSTALLED, STDLIB)) == INSTALLED
    assert culprit((OURS,)) == OURS
    assert culprit((FROZEN, INSTALLED)) == INSTALLED  # a library that is imported late


def deep(depth):
    """The stack below `depth` frames of a library's."""
    scope = {"sys": sys, "lines": lines}
    source = "def go(n, top): return go(n - 1, top) if n else lines(sys._getframe(), top)"
    exec(compile(source, "/somewhere/site-packages/deep.py", "exec"), scope)  # noqa: S102
    return scope["go"](depth, sys._getframe())


def test_a_deep_stack_keeps_the_users_line():
    """A parser's recursion does not hide who called it."""
    found = deep(200)
    assert len(found) == 41
    assert culprit(found).function == "deep"
    assert len(deep(3)) == 5


def test_files_below_the_working_directory_are_named_from_there():
    """With slashes, wherever it runs; others keep their whole path."""
    assert USERS.path == "app/views.py"
    assert INSTALLED.path == INSTALLED.file


def test_a_stack_reads_as_a_traceback_and_is_bounded():
    """Outermost first; of a deep one the innermost lines are kept."""
    assert text((USERS, INSTALLED)).splitlines()[-1] == (
        '  File "app/views.py", line 4, in oversmoke'
    )
    deep = text((USERS, *[INSTALLED] * 10_000))
    assert len(deep) <= 8000
    assert deep.endswith("in oversmoke\n")


def test_the_script_that_starts_a_server_is_not_the_users(tmp_path):
    """`bin/uvicorn` was written by an installer; a file of the user's may stand beside it."""
    scripts = sysconfig.get_path("scripts")
    assert not is_users(f"{scripts}/uvicorn")
    assert is_users(f"{scripts}/serve.py")
    assert is_users(str(tmp_path / "uvicorn"))
