"""The demo's settings, and the only reader of the demo's environment variables."""

import os
import secrets
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("SMOKEHOUSE_DATA_DIR", BASE_DIR / ".demo"))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _secret(name: str) -> str | None:
    """Return a secret from the variable NAME, or from the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name)


def _secret_key() -> str:
    """Return the key from the environment, or one made at the first start and kept out of git."""
    if key := _secret("SECRET_KEY"):
        return key
    path = DATA_DIR / "secret_key"
    try:
        # Written under another name, then linked: two processes that start at once
        # use the same key, and neither reads half of it.
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
        draft.chmod(0o600)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii")


def _database() -> dict:
    """Return the database of DATABASE_URL, or SQLite in DATA_DIR."""
    if url := os.environ.get("DATABASE_URL"):
        database = dj_database_url.parse(url)
        if database["ENGINE"].endswith("postgresql"):
            # In a burst, requests wait for a connection. One connection each would exceed the
            # server's limit of 60; this is six for each of eight processes.
            database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 6, "timeout": 60}}
        # The URL may be shown, the password may not: it can come from a file.
        return database | {"PASSWORD": _secret("DATABASE_PASSWORD") or database["PASSWORD"]}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}


# --- read by the scenarios -----------------------------------------------------
TIME_SCALE = float(os.environ.get("SMOKEHOUSE_TIME_SCALE", "1"))
"""The factor for every delay in simulation.py: 0.05 plays the same shapes in a twentieth."""
UPSTREAM_URL = os.environ.get("SMOKEHOUSE_UPSTREAM_URL", "http://127.0.0.1:8001/")
"""The tutorial uses https://httpbin.org/; `make demo` starts an httpbin on loopback."""
UPSTREAM_CONNECTIONS = int(os.environ.get("SMOKEHOUSE_UPSTREAM_CONNECTIONS", "2"))
"""Few, because the upstream is near and fast: with more connections, httpx searches longer for a
free one (a GET cost the loop 1.1 ms with 4, 1.5 ms with 16). A remote upstream needs more."""
BROKER_URL = os.environ.get(
    "SMOKEHOUSE_BROKER_URL", f"folders://localhost{DATA_DIR.resolve()}/broker"
)
"""Celery's broker: a folder (app/broker.py), or a server, `redis://...`."""
MAIL_URL = urlsplit(os.environ.get("SMOKEHOUSE_MAIL_URL", "smtp://127.0.0.1:8025"))
"""The mail server: `make demo` starts one on loopback (app/mail.py)."""
CLEAN_EVERY_S = float(os.environ.get("SMOKEHOUSE_CLEAN_EVERY_S", "30"))
"""How often Celery beat cleans the database; every night in the tutorial."""
ALLOW_KILL = os.environ.get("SMOKEHOUSE_ALLOW_KILL") == "1"
"""Whether POST /kill/ kills the server process; set it only if something restarts the server."""

# --- where it runs -------------------------------------------------------------
URLS = os.environ.get("SMOKEHOUSE_URLS", "")
"""The addresses of the stack, in one line; app.serve prints it last."""
PULSE_FILE = Path(os.environ.get("SMOKEHOUSE_PULSE_FILE", DATA_DIR / "pulse"))
"""The heartbeat file of app.pulse."""

# --- Django --------------------------------------------------------------------
SECRET_KEY = _secret_key()
DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "app.urls"
ASGI_APPLICATION = "app.asgi.application"
WSGI_APPLICATION = "app.wsgi.application"
INSTALLED_APPS = [
    "app",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
# Django's own middleware works in sync methods, and under ASGI each of them costs
# a request a hop to a thread. They run only for the admin, which needs them.
# CsrfViewMiddleware is left out on purpose: its process_view costs a hop too, and
# the admin's views already use csrf_protect, which checks the same.
MIDDLEWARE = [
    "app.middleware.SecurityMiddleware",
    "app.middleware.SessionMiddleware",
    "app.middleware.AuthenticationMiddleware",
    "app.middleware.MessageMiddleware",
    "app.middleware.XFrameOptionsMiddleware",
    # Each runs for one path only: a scenario and its pair.
    "app.timing.timing_sync_on_its_path",
    "app.timing.timing_async_on_its_path",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {"default": _database()}
ASYNC_DATABASE = "async"
"""The same database by django-async-backend, which needs PostgreSQL and Python 3.12."""
if DATABASES["default"]["ENGINE"].endswith("postgresql") and find_spec("django_async_backend"):
    # A connection is opened for each query and closed after it: the lesson needs three at once.
    DATABASES[ASYNC_DATABASE] = DATABASES["default"] | {
        "ENGINE": "django_async_backend.db.backends.postgresql",
        "OPTIONS": {},
    }
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": MAIL_URL.hostname, "port": MAIL_URL.port},
        }
    }
else:
    EMAIL_HOST, EMAIL_PORT = MAIL_URL.hostname, MAIL_URL.port
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"
# structlog is set up by overlap.instrument(); Django's own dictConfig would undo it.
LOGGING_CONFIG = None

# --- Celery: app/celery.py reads these ----------------------------------------------
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# If a worker could not acknowledge a task because Redis became unreachable, Redis delivers the task
# again after a minute (an hour by default). This is longer than any task of the demo.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}
# No code reads results, but Celery needs a backend to record revoked tasks.
CELERY_RESULT_BACKEND = os.environ.get("SMOKEHOUSE_RESULT_URL", "cache+memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = {"clean": {"task": "app.tasks.clean", "schedule": CLEAN_EVERY_S}}
# In memory, because two beats can't share a file.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
