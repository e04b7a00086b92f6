"""A project that the tests set up by environment variables: which database, how kept."""

import json
import os

DEBUG = os.environ.get("LEAN_DEBUG") == "1"
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "leansite.urls"
USE_TZ = True
USE_I18N = True
# The crashes are on purpose: nothing of them in the tests' output.
LOGGING = {
    "version": 1,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {"django": {"handlers": ["nowhere"], "propagate": False}},
}
MIDDLEWARE = []
INSTALLED_APPS = ["leansite"]
DATABASES = {"default": json.loads(os.environ["LEAN_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "polite": {"BACKEND": "leansite.polite.PoliteCache"},
}
