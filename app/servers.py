"""The servers that run the app's views: one loop, three of them, or none that lasts."""

import sys

WORKERS = 3

SERVICE_NAMES = {"": "smokehouse", "workers": "smokehouse-workers", "wsgi": "smokehouse-wsgi"}
"""Each by the name that scenarios call it: the first is the app's own."""


def command(kind: str, port: int) -> list[str]:
    """The command that serves the app on loopback."""
    python = sys.executable
    if kind == "workers":
        # As the tutorial's last command; uvicorn's own worker class moved to uvicorn_worker.
        worker = ("--worker-class", "uvicorn_worker.UvicornWorker", "--no-control-socket")
        bind = ("--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}")
        return [python, "-m", "gunicorn", "app.asgi:application", *bind, *worker]
    if kind == "wsgi":
        return [python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    return [python, "-m", "uvicorn", "app.asgi:application", "--port", str(port)]
