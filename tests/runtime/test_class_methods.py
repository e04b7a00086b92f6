"""Methods that are replaced, whatever other libraries have put in their place."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import wrapt

from overlap.runtime.class_methods import replace_method


def make(calls):
    """Return what notes a call, and passes it on as every replacement here does."""

    def replace(stock):
        if inspect.iscoroutinefunction(stock):

            async def ours(self, *args, **named):
                calls.append("ours")
                return await stock(self, *args, **named)

            return ours

        def ours(self, *args, **named):
            calls.append("ours")
            return stock(self, *args, **named)

        return ours

    return replace


class Grill:
    """Has methods of every kind that can be replaced."""

    def plain(self, meat, *, salt=0):
        return self, meat, salt

    async def awaited(self, meat, *, salt=0):
        return self, meat, salt


class Smoker(Grill):
    """Inherits them."""


@pytest.mark.parametrize("wrapped", [False, True], ids=["its own", "another library's"])
@pytest.mark.parametrize("owner", [Grill, Smoker])
@pytest.mark.parametrize("name", ["plain", "awaited"])
def test_a_method_gets_its_object(monkeypatch, name, owner, wrapped):
    """wrapt's wrapper knows no object if it is called with the object as an argument."""
    calls = []

    def theirs(method, instance, args, kwargs):
        calls.append(instance)
        return method(*args, **kwargs)

    if wrapped:
        monkeypatch.setattr(Grill, name, wrapt.FunctionWrapper(vars(Grill)[name], theirs))
    before = vars(owner).get(name)
    grill = owner()
    undo = replace_method(owner, name, make(calls))
    answer = getattr(grill, name)("brisket", salt=2)
    assert inspect.iscoroutinefunction(getattr(grill, name)) is (name == "awaited")
    if name == "awaited":
        answer = asyncio.run(answer)
    assert answer == (grill, "brisket", 2)
    assert calls == (["ours", grill] if wrapped else ["ours"])
    undo()
    assert vars(owner).get(name) is before


def test_a_method_in_c_that_was_wrapped_gets_its_object(monkeypatch):
    """As uvloop's `Loop.run_forever` is by ddtrace."""
    instances, calls = [], []

    class Meats(list):
        pass

    def theirs(method, instance, args, kwargs):
        instances.append(instance)
        return method(*args, **kwargs)

    monkeypatch.setattr(Meats, "append", wrapt.FunctionWrapper(list.append, theirs), raising=False)
    meats = Meats()
    undo = replace_method(Meats, "append", make(calls))
    meats.append("brisket")
    undo()
    assert meats == ["brisket"]
    assert instances[0] is meats
    assert calls == ["ours"]
