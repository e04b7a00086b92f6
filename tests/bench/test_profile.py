"""What py-spy saw, by package."""

from overlap.bench.profile import by_package

RAW = """\
run (uvicorn/server.py:75);__call__ (django/core/handlers/asgi.py:170) 7
<module> (uvicorn/__main__.py:4);on_end (site-packages/opentelemetry/sdk/trace/__init__.py:9) 2
_bootstrap (threading.py:1002);run (thread.py:58);end (/src/overlap/instrument/maker.py:9) 1
view (/src/overlap/bench/site/views.py:9) 2
_bootstrap (threading.py:1002);wait (threading.py:320) 3
run (asyncio/runners.py:118) 5

not a sample
"""


def test_a_sample_belongs_to_the_package_of_its_innermost_frame():
    """Whoever called counts for nothing; what is nobody's is other."""
    assert by_package(RAW) == {
        "django": 7, "opentelemetry": 2, "overlap": 1, "threading": 3, "other": 7,
    }  # fmt: skip
