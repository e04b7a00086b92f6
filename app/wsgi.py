"""The demo under WSGI."""

import os

from django.core.wsgi import get_wsgi_application

import overlap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
overlap.instrument(service_name="smokehouse")
application = get_wsgi_application()
