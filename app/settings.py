"""The demo's settings, and the only reader of the demo's environment variables."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("SMOKEHOUSE_DATA_DIR", BASE_DIR / ".demo"))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _secret(name: str) -> str | None:
    """From the environment: itself as NAME, or as NAME_FILE the file that it stands in."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name)


def _secret_key() -> str:
    """The key from the environment, or one made at the first start and kept out of git."""
    if key := _secret("SECRET_KEY"):
        return key
    path = DATA_DIR / "secret_key"
    try:
        # Made whole under another name, then linked: two processes that start at
        # once agree on one key, and neither reads half of it.
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
    """By DATABASE_URL; without one, a file in DATA_DIR."""
    if url := os.environ.get("DATABASE_URL"):
        database = dj_database_url.parse(url)
        if database["ENGINE"].endswith("postgresql"):
            # A burst of requests waits for a connection instead of asking for one each, which a
            # server with 60 of them would refuse. Six a process, and there are eight processes.
            database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 6, "timeout": 60}}
        # An address may be shown, a password may not: it can come from a file of its own.
        return database | {"PASSWORD": _secret("DATABASE_PASSWORD") or database["PASSWORD"]}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}


# --- what the scenarios read ---------------------------------------------------
TIME_SCALE = float(os.environ.get("SMOKEHOUSE_TIME_SCALE", "1"))
"""Every delay of simulation.py is multiplied by this: 0.05 plays the same shapes in a twentieth."""
UPSTREAM_URL = os.environ.get("SMOKEHOUSE_UPSTREAM_URL", "http://127.0.0.1:8001/")
"""What the tutorial calls https://httpbin.org/: `make demo` starts one on loopback."""
UPSTREAM_CONNECTIONS = int(os.environ.get("SMOKEHOUSE_UPSTREAM_CONNECTIONS", "2"))
"""Few, as the upstream is near and quick: with each connection more, httpx looks longer for a free
one (a GET cost the loop 1.1 ms with 4, 1.5 ms with 16). A far one wants more."""
BROKER_URL = os.environ.get(
    "SMOKEHOUSE_BROKER_URL", f"folders://localhost{DATA_DIR.resolve()}/broker"
)
"""Where Celery's messages wait: a folder (app/broker.py), or a server, `redis://...`."""
MAIL_URL = urlsplit(os.environ.get("SMOKEHOUSE_MAIL_URL", "smtp://127.0.0.1:8025"))
"""Who takes our mail: `make demo` starts one on loopback (app/mail.py)."""
CLEAN_EVERY_S = float(os.environ.get("SMOKEHOUSE_CLEAN_EVERY_S", "30"))
"""How often Celery beat has the database cleaned: every night, in the tutorial."""
ALLOW_KILL = os.environ.get("SMOKEHOUSE_ALLOW_KILL") == "1"
"""Whether POST /kill/ kills the process that serves it: only where somebody starts it again."""

# --- where it runs -------------------------------------------------------------
URLS = os.environ.get("SMOKEHOUSE_URLS", "")
"""What else is there, in one line: the last that app.serve prints."""
PULSE_FILE = Path(os.environ.get("SMOKEHOUSE_PULSE_FILE", DATA_DIR / "pulse"))
"""Touched by app.pulse."""

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
# Django's own middleware does its work in sync methods: under ASGI each of them
# costs each request a hop to a thread. Only the admin needs them, so only it pays.
# CsrfViewMiddleware is missing on purpose: its process_view is a hop too, and the
# admin's own views are wrapped in csrf_protect, which checks the same.
MIDDLEWARE = [
    "app.middleware.SecurityMiddleware",
    "app.middleware.SessionMiddleware",
    "app.middleware.AuthenticationMiddleware",
    "app.middleware.MessageMiddleware",
    "app.middleware.XFrameOptionsMiddleware",
    # Each before one path only: a scenario's pair.
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
# What a worker took from Redis and could not acknowledge, since Redis went away in that moment, is
# handed out again after a minute; the default is an hour. Longer than any task of the demo.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}
# Nobody asks for a result; Celery wants a place to note what is revoked.
CELERY_RESULT_BACKEND = os.environ.get("SMOKEHOUSE_RESULT_URL", "cache+memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = {"clean": {"task": "app.tasks.clean", "schedule": CLEAN_EVERY_S}}
# In memory: a file would be one more thing that two of them can't share.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
