"""The demo under ASGI: `uvicorn app.asgi:application`."""

import os
from importlib import import_module

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

import overlap
from app.settings import DATA_DIR

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
overlap.instrument(service_name="smokehouse", journal_dir=DATA_DIR / "journal")
# This handler serves the admin's style sheets, the only static files of the demo.
application = ASGIStaticFilesHandler(get_asgi_application())
# Import the views now: the first request would import them and block the event loop.
import_module(settings.ROOT_URLCONF)
