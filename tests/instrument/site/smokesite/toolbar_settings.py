"""The project with django-debug-toolbar, and our panel in it."""

from smokesite.settings import *  # noqa: F403
from smokesite.settings import MIDDLEWARE

DEBUG = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "debug_toolbar",
]
STATIC_URL = "static/"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}
]
ROOT_URLCONF = "smokesite.toolbar_urls"
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", *MIDDLEWARE]
INTERNAL_IPS = ["127.0.0.1"]
DEBUG_TOOLBAR_PANELS = ["overlap.toolbar.OverlapPanel", "debug_toolbar.panels.sql.SQLPanel"]
