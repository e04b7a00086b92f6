"""After shutdown(), every class and module that instrument() changed is as it was."""

from __future__ import annotations

import pytest

LOOK = """
    import importlib, sys, types
    from contextlib import suppress

    for name in ("aiohttp", "anyio", "asgiref.sync", "asyncpg", "celery", "channels.consumer",
                 "concurrent.futures", "django.contrib.auth.hashers", "django.core.cache",
                 "django.core.handlers.asgi", "django.core.mail", "django.db.backends.sqlite3.base",
                 "django.template", "django.test", "django_q", "dramatiq", "fastapi", "graphql",
                 "grpc", "httpcore", "httpx", "httpx2", "huey", "psycopg", "psycopg_pool", "redis",
                 "rq", "sqlite3", "starlette.applications", "strawberry", "structlog", "urllib3",
                 "uvicorn", "uvloop"):
        with suppress(ImportError):
            importlib.import_module(name)

    import django
    from opentelemetry import trace
    import overlap

    django.setup()
    # A module that only Overlap imports is in place after the first time.
    overlap.instrument(lens=True)
    overlap.shutdown()

    def attributes():
        "Return what each module, and each class it defines, holds by a name."
        found = {}
        for module, each in [*sys.modules.items()]:
            if module.startswith(("overlap", "__main__", "__mp_main__")):
                continue
            for name, value in [*getattr(each, "__dict__", {}).items()]:
                found[module, name] = value
                if isinstance(value, type) and value.__module__ == module:
                    for attribute, own in [*vars(value).items()]:
                        found[module, name, attribute] = own
        return found

    def is_ours(value):
        if type(value) in (classmethod, staticmethod):
            value = value.__func__
        # By its type: some modules import something when any attribute is looked up.
        file = value.__code__.co_filename if type(value) is types.FunctionType else ""
        return file.startswith(overlap.__path__[0])
"""


@pytest.mark.parametrize("recorder", ["", "recorder"])
def test_no_function_of_ours_is_left(own_sink, run, tmp_path, recorder):
    """Twice, as what stays would be wrapped again each time, until Python's stack ends."""
    run(
        LOOK
        + """
    before = attributes()
    for _ in range(2):
        overlap.instrument(lens=True)
        changed = {key for key, value in attributes().items() if is_ours(value)}
        assert ("concurrent.futures.thread", "ThreadPoolExecutor", "submit") in changed
        assert len(changed) > 50, changed
        with trace.get_tracer("t").start_as_current_span("work"):
            pass
        overlap.shutdown()
        after = attributes()
        left = {key for key, value in after.items() if is_ours(value)}
        assert not left, left
        for key in changed & before.keys():
            assert after[key] is before[key], key
        assert not changed - before.keys() & after.keys()
        """,
        own_sink.url,
        OVERLAP_JOURNAL_DIR=str(tmp_path / "journal"),
        **({"OVERLAP_RECORDER_DIR": str(tmp_path / recorder)} if recorder else {}),
    )


def test_a_function_that_a_module_keeps_changes_nothing_afterwards(own_sink, run):
    """django.contrib.auth.forms imports one; it may be imported before shutdown()."""
    run(
        LOOK
        + """
    overlap.instrument()
    from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher
    assert is_ours(identify_hasher)
    identify_hasher("pbkdf2_sha256$1$salt$hash")
    assert is_ours(PBKDF2PasswordHasher.encode)
    overlap.shutdown()
    identify_hasher("pbkdf2_sha256$1$salt$hash")
    assert not is_ours(PBKDF2PasswordHasher.encode)
        """,
        own_sink.url,
    )


def test_no_object_of_ours_stays(own_sink, run, tmp_path):
    """A process that calls instrument() and shutdown() again and again does not grow."""
    run(
        LOOK
        + """
    import asyncio, gc
    from collections import Counter

    async def work():
        with trace.get_tracer("t").start_as_current_span("work"):
            await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(sum, [1]))

    def objects():
        for _ in range(2):
            overlap.instrument(lens=True)
            asyncio.run(work())
            overlap.shutdown()
        gc.collect()
        return Counter(
            f"{type(each).__module__}.{type(each).__name__}" for each in gc.get_objects()
        )

    objects()
    before = objects()
    # On a busy machine an export that was given up may hold its pipeline for some seconds. What
    # leaks is more each time: one at least for each of these twenty.
    for _ in range(10):
        grown = objects() - before
        ours = {name: count for name, count in grown.items() if name.startswith("overlap")}
        if not ours:
            break
    assert all(count < 20 for count in ours.values()), grown
    # The SDK registers functions for forked processes, which can't be removed.
    assert grown.total() < 500 * 10, grown
        """,
        own_sink.url,
        OVERLAP_JOURNAL_DIR=str(tmp_path / "journal"),
        OVERLAP_RECORDER_DIR=str(tmp_path / "recorder"),
    )
