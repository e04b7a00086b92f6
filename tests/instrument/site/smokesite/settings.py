"""A project as small as can be, to be instrumented."""

import os

DEBUG = os.environ.get("SITE_DEBUG") == "1"
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "smokesite.urls"
MIDDLEWARE = os.environ.get("SITE_MIDDLEWARE", "smokesite.middleware.Touchy").split()
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = None  # ten megabytes are sent
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
