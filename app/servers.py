"""The commands that serve the app: uvicorn, gunicorn with three workers, or WSGI."""

import sys

WORKERS = 3

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
        return [python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    return [python, "-m", "uvicorn", "app.asgi:application", "--port", str(port)]
