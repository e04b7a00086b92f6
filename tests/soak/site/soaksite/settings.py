"""The site of tests/instrument, with a database file and a page of vital signs."""

import os

from smokesite.settings import *  # noqa: F403

ROOT_URLCONF = "soaksite.urls"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SOAK_DATABASE"]}
}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
LOGGING_CONFIG = None
