"""A sink that speaks OTLP/HTTP, and scripts and servers that send to it."""

from tests.instrument.conftest import (  # noqa: F401  fixtures
    own_sink,
    run,
    serve,
    shared_sink,
    sink,
    wait_until,
)
