"""Whether a process belongs to a Django project, and its settings loaded."""

from __future__ import annotations

import logging
import os

_log = logging.getLogger(__name__)


def has_django() -> bool:
    """Return whether this process belongs to a Django project: settings are configured or named."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        return True
    from django.conf import settings

    return bool(settings.configured)


def load_settings() -> None:
    """Load Django's settings: a settings module may call instrument(), or an instrumentor's."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.MIDDLEWARE  # noqa: B018  the first attribute loads them
    except (ImproperlyConfigured, ModuleNotFoundError):
        _log.debug("there are no settings")  # the stock instrumentor configures empty ones
