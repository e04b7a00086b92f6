"""Replace a method of a class, or of its subclasses, and undo it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import wraps
from inspect import getattr_static, iscoroutinefunction
from types import FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

from overlap.runtime.guard import guarded

_FUNCTIONS = (FunctionType, MethodDescriptorType, WrapperDescriptorType, staticmethod, type)
"""What can be called with the object as its first argument, and what gets none."""


def replace_method(
    owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Replace the method `name` of a class with `make(it)`; return a function that undoes it.

    `it` is what the class defines, which may be a descriptor, or else what it inherits; of a
    static method, its function. What another library has put in the place of a method is called
    as Python calls it. A class that inherits the method gets one of its own, until that is undone.
    """
    own = vars(owner).get(name)
    is_static = isinstance(own, staticmethod)
    stock: Any = getattr(owner, name) if own is None or is_static else own
    if not is_static and isinstance(owner, type):
        stock = _as_function(getattr_static(owner, name), stock)
    ours: Any = wraps(stock)(make(stock))
    if is_static:
        ours = staticmethod(ours)
    setattr(owner, name, ours)

    def undo() -> None:
        if vars(owner).get(name) is not ours:
            return  # another library has wrapped it
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)

    return undo


def _as_function(method: Any, otherwise: Any) -> Any:
    """Return a function that takes the object first, for a method that is no function.

    wrapt's wrappers, which most tools for tracing use (ddtrace, New Relic, OpenTelemetry), only
    know the object if they are asked for the bound method.
    """
    # By its type: such a wrapper says of itself that it is an instance of the function's class.
    kind = type(method)
    if issubclass(kind, _FUNCTIONS) or not callable(method) or not hasattr(kind, "__get__"):
        return otherwise
    if iscoroutinefunction(method):

        async def call_async(self: Any, /, *args: Any, **named: Any) -> Any:
            return await method.__get__(self, type(self))(*args, **named)

        return wraps(method)(call_async)

    def call(self: Any, /, *args: Any, **named: Any) -> Any:
        return method.__get__(self, type(self))(*args, **named)

    return wraps(method)(call)


def replace_in_subclasses(
    base: Any,
    name: str,
    make: Callable[[Callable[..., Any]], Callable[..., Any]],
    what: str,
) -> Callable[[], None]:
    """Replace the method `name` of each subclass of `base` that defines it; return the undoing.

    A subclass may be defined, and its first object made, before or after this: then its classes
    are looked at. what: the sentence that is logged if that fails.
    """
    undo = ExitStack()
    seen: set[type] = set()

    def replace(child: type) -> None:
        for each in child.__mro__:
            if name in vars(each) and each is not base and each not in seen:
                seen.add(each)
                undo.callback(replace_method(each, name, make))

    def make_init(stock: Callable[..., Any]) -> Callable[..., Any]:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            guarded(what, replace, type(self))
            stock(self, *args, **kwargs)

        return init

    undo.callback(replace_method(base, "__init__", make_init))
    for child in _subclasses(base):
        replace(child)
    return undo.close


def _subclasses(base: type) -> Iterator[type]:
    child: type
    for child in base.__subclasses__():
        yield child
        yield from _subclasses(child)
