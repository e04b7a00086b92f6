"""A project with django-q2, whose broker is its database."""

import os

SECRET_KEY = "not a secret"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SITE_DATABASE", ":memory:"),
        # The cluster's processes write at once.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
INSTALLED_APPS = ["django_q"]
Q_CLUSTER = {
    "name": "shop",
    "orm": os.environ.get("SITE_BROKER", "default"),
    "workers": 1,
    "timeout": 1,
    "retry": 2,
    "max_attempts": 2,
    "poll": 0.05,
    "guard_cycle": 0.1,
    "catch_up": False,
}
