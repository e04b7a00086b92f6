"""What py-spy saw, by package."""

from overlap.bench.report.profile import PARTS, by_package, by_part

RAW = """\
run (/v/site-packages/uvicorn/server.py:75);call (/v/site-packages/django/core/asgi.py:170) 7
<module> (uvicorn.py:4);on_end (/v/site-packages/opentelemetry/sdk/trace/__init__.py:9) 2
_bootstrap (/p/threading.py:1002);end (/home/django/src/overlap/instrument/maker.py:9) 1
view (/src/overlap/bench/site/views.py:9) 2
_bootstrap (/p/threading.py:1002);wait (/p/threading.py:320) 3
run (/p/asyncio/runners.py:118) 5
parse (/v/site-packages/h11/_readers.py:1) 4

not a sample
"""


def test_a_sample_belongs_to_the_package_of_its_innermost_frame():
    """Whoever called counts for nothing; what is nobody's is other."""
    assert by_package(RAW) == {
        "django": 7, "opentelemetry": 2, "overlap": 1, "threading": 3, "asyncio": 5, "other": 6,
    }  # fmt: skip


SERVED = """\
call (/v/site-packages/django/core/asgi.py:170);start (/src/overlap/instrument/requests/a.py:1);\
new (/v/site-packages/opentelemetry/sdk/trace/__init__.py:9) 3
call (/v/site-packages/django/core/asgi.py:170);start (/src/overlap/telemetry/spans/a.py:1) 4
serve (/src/overlap/instrument/requests/a.py:1);view (/v/site-packages/django/core/asgi.py:9) 5
run (/src/overlap/lens/steps.py:181);step (/p/asyncio/tasks.py:1) 2
run (/p/asyncio/runners.py:118) 6
"""


def test_a_sample_belongs_to_the_part_of_the_instrument_that_the_service_was_in():
    """What a part calls is its own; what Django does inside of it is not."""
    assert by_part(SERVED) == {
        PARTS["overlap/instrument/requests/"]: 3,
        PARTS["overlap/telemetry/"]: 4,
        PARTS["overlap/lens/"]: 2,
    }
