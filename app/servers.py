"""The commands that serve the app: uvicorn, gunicorn with three workers, or gunicorn under WSGI."""

import sys

WORKERS = 3
THREADS = 64
"""Of the WSGI server: as many requests run at once."""

SERVICE_NAMES = {"": "smokehouse", "workers": "smokehouse-workers", "wsgi": "smokehouse-wsgi"}
"""Service names by `Scenario.server`; the empty name is the app's default server."""


def command(kind: str, port: int) -> list[str]:
    """Return the command that serves the app on loopback."""
    python = sys.executable
    if kind == "workers":
        # The tutorial's last command; uvicorn's worker class moved to uvicorn_worker.
        worker = ("--worker-class", "uvicorn_worker.UvicornWorker", "--no-control-socket")
        bind = ("--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}")
        return [python, "-m", "gunicorn", "app.asgi:application", *bind, *worker]
    if kind == "wsgi":
        # Not Django's development server, as in the tutorial: it lets ten connections wait, and
        # what comes beyond them has no answer.
        options = ("--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--no-control-socket")
        return [python, "-m", "gunicorn", "app.wsgi:application", *options]
    return [python, "-m", "uvicorn", "app.asgi:application", "--port", str(port)]
