"""The project under ASGI."""

import os

from django.core.asgi import get_asgi_application

import overlap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smokesite.settings")
overlap.instrument(service_name="smokesite")
overlap.instrument(service_name="smokesite")  # twice is once
application = get_asgi_application()
