"""The upstream: a real httpbin with instrumentation, so that traces span two services.

`python -m app.httpbin --port 8001`
"""

import argparse
import logging

import waitress
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

import overlap

THREADS = 8
CONNECTIONS = 1000


def main() -> None:
    """Serve httpbin on loopback until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m app.httpbin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    args = parser.parse_args()
    # Hide its import warning about the plain front page: the demo does not use that page.
    core = logging.getLogger("httpbin.core")
    core.addFilter(lambda record: "flasgger" not in record.getMessage())
    import httpbin

    overlap.instrument(service_name="httpbin")
    waitress.serve(
        OpenTelemetryMiddleware(httpbin.app),
        host=args.host,
        port=args.port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        _quiet=True,
    )


if __name__ == "__main__":
    main()
