"""Exceptions whose message does not say what to do: the verdict does, with the line."""

import asyncio
import contextvars
import traceback

import msgspec
import pytest

from overlap import names, verdict
from overlap.trace import Event

PACKAGES = "/srv/.venv/lib/python3.13/site-packages/django"


def stack(source, *more, path="/srv/app/views/queries.py"):
    """A stack as OpenTelemetry records it: the view, then Django."""
    frames = [
        (f"{PACKAGES}/core/handlers/base.py", 197, "_get_response_async", "await view()"),
        (path, 23, "menu", source),
        *more,
        (f"{PACKAGES}/utils/asyncio.py", 24, "inner", "raise SynchronousOnlyOperation(message)"),
    ]
    text = "".join(
        f'  File "{file}", line {line}, in {function}\n' + (f"    {code}\n" if code else "")
        for file, line, function, code in frames
    )
    return f"Traceback (most recent call last):\n{text}SynchronousOnlyOperation: You cannot …\n"


def said(span, kind, text, message="You cannot call this from an async context"):
    """The sentences on a request that failed so, below its server span and on it."""
    event = Event("exception", 0, {
        names.EXCEPTION_TYPE: kind, names.EXCEPTION_MESSAGE: message,
        names.EXCEPTION_STACKTRACE: text,
    })  # fmt: skip
    spans = [
        span("1", "GET /menu/", 0, 50, kind="server", status="error"),
        span("2", "load", 1, 40, "1", status="error"),
    ]
    found = verdict([msgspec.structs.replace(each, events=(event,)) for each in spans]).why
    return [why for why in found if "failed" in why.text]


@pytest.mark.parametrize(
    ("source", "instead"),
    [
        ("meat = Meat.objects.get(pk=1)", "await aget() instead of get(), or use sync_to_async"),
        ("Meat.objects.get_or_create(pk=1)", "await aget_or_create() instead of get_or_create()"),
        ("meat.save()", "await asave() instead of save()"),
        ("for meat in Meat.objects.all():", "use async for"),
        ("return list(meats)", "use async for"),
        ("return render(request, 'menu.html')", "use its async method"),
        ("", "use its async method"),
    ],
)
def test_sync_code_in_async_code_is_named_with_its_line_and_what_to_use(span, source, instead):
    """Once, though two spans recorded it."""
    kind = "django.core.exceptions.SynchronousOnlyOperation"
    (why,) = said(span, kind, stack(source))
    line = "app/views/queries.py:23 in menu"
    assert why.text.startswith(
        f"GET /menu/ failed: sync code of Django ran in async code at {line}"
    )
    assert instead in why.text
    assert why.span_ids == ["1", "2"]


def test_a_related_object_that_is_read_late_is_read_with_the_others(span):
    """The user's line shows no call at all."""
    lazy = (f"{PACKAGES}/db/models/fields/related_descriptors.py", 225, "__get__", "rel_obj = …")
    (why,) = said(span, "SynchronousOnlyOperation", stack("return meat.smoker.name", lazy))
    assert "by select_related() or prefetch_related()" in why.text


def test_without_a_stack_there_is_no_line(span):
    """Attributes may be left out, or be anything."""
    for text in ("", 5, "File"):
        (why,) = said(span, "SynchronousOnlyOperation", text)
        assert "ran in async code: use its async method" in why.text


def test_a_context_variable_reset_elsewhere_is_named(span):
    """The message of a real one; the line is that of the reset."""
    variable = contextvars.ContextVar("order")

    async def steps():
        token = variable.set(1)
        yield
        variable.reset(token)

    async def run():
        generator = steps()
        await asyncio.create_task(anext(generator))
        await anext(generator)

    with pytest.raises(ValueError, match="different Context") as caught:
        asyncio.run(run())
    text = "".join(traceback.format_exception(caught.value))
    (why,) = said(span, "ValueError", text, str(caught.value))
    line = caught.traceback[-1].lineno + 1
    assert f"test_why_exceptions.py:{line} in steps: set and reset it in one task" in why.text


def test_other_exceptions_are_not_explained(span):
    """Their own message does."""
    assert said(span, "ValueError", stack("int('x')"), "invalid literal") == []
    assert said(span, 5, "") == []
