"""A project whose tasks are run by Django's own workers."""

import os

import django

SECRET_KEY = "not a secret"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SITE_DATABASE", ":memory:"),
    }
}
_PACKAGE = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
INSTALLED_APPS = ["django_tasks_db"] if django.VERSION >= (6, 0) else [_PACKAGE, "django_tasks_db"]
TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend"},
    "immediate": {"BACKEND": f"{_PACKAGE}.backends.immediate.ImmediateBackend"},
}
