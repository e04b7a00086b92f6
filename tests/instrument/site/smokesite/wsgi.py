"""The project under WSGI."""

import os

from django.core.wsgi import get_wsgi_application

import overlap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smokesite.settings")
overlap.instrument(service_name="smokesite")
application = get_wsgi_application()
