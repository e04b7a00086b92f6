"""Frames of ours are removed from the traceback of an exception that passes through them."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from overlap.runtime import guard

OWN = f"{guard._OWN}somewhere.py"
SOURCE = """
def wrapper(call):
    try:
        return call()
    except BaseException as error:
        hide_frames(error)
        raise
    finally:
        pass

def wrapper_in_with(call):
    with CurrentSpan("it is not traced", None):
        return call()

async def wrapper_async(call):
    try:
        return await call()
    except BaseException as error:
        hide_frames(error)
        raise

def faulty(call):
    try:
        raise KeyError("ours")
    except BaseException as error:
        hide_frames(error)
        raise
"""


@pytest.fixture(scope="module")
def ours():
    """Return functions that look like Overlap's own."""
    space = {"hide_frames": guard.hide_frames, "CurrentSpan": guard.CurrentSpan}
    exec(compile(SOURCE, OWN, "exec"), space)  # noqa: S102
    return space


def project():
    raise ValueError("the project's")


def functions(error):
    return [each.name for each in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize("name", ["wrapper", "wrapper_in_with"])
def test_frames_between_two_of_the_projects_are_removed(ours, name):
    """However many wrappers are around a call."""
    with pytest.raises(ValueError, match="the project's") as caught:
        ours[name](lambda: ours["wrapper"](project))
    names = functions(caught.value)
    assert names[1:] == ["<lambda>", "project"], names


def test_frames_of_coroutines_are_removed(ours):
    """An async wrapper leaves no frame either."""

    async def call():
        project()

    with pytest.raises(ValueError, match="the project's") as caught:
        asyncio.run(ours["wrapper_async"](call))
    assert functions(caught.value)[-2:] == ["call", "project"]
    assert "wrapper_async" not in functions(caught.value)


def test_an_exception_of_our_own_keeps_its_frame(ours):
    """Otherwise nobody would find the fault."""
    with pytest.raises(KeyError) as caught:
        ours["faulty"](None)
    assert functions(caught.value)[1:] == ["faulty"]
