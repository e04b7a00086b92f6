"""The smallest Django project that serves a view: the measurement is of Django's own path."""

import os

SECRET_KEY = "measured-on-loopback"  # noqa: S105  no secret: nothing here is signed
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "overlap.bench.site.urls"
INSTALLED_APPS = ["overlap.bench.site"]
MIDDLEWARE: list[str] = []
_DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("BENCH_DB", "")}
DATABASES = {
    "default": _DATABASE,
    # Stock Django under ASGI can't keep a connection: its thread ends with the request.
    "kept": {**_DATABASE, "CONN_MAX_AGE": 60},
}
USE_TZ = True
# Log lines start with their level in every variant: the bench counts errors.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
