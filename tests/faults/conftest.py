"""Servers and scripts that send to a sink, as in tests/instrument."""

from tests.instrument.conftest import (  # noqa: F401  fixtures
    own_sink,
    run,
    serve,
    shared_sink,
    sink,
    wait_until,
)
