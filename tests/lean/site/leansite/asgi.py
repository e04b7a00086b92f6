"""The application: lean or stock by LEAN, with all telemetry by LEAN_TELEMETRY."""

import os

from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leansite.settings")
if os.environ.get("LEAN_TELEMETRY"):
    import overlap

    overlap.instrument(service_name="leansite")
elif os.environ.get("LEAN") == "1":
    from overlap.lean import install

    undo = install(idle_s=float(os.environ.get("LEAN_IDLE_S", "60")))
if os.environ.get("LEAN_ERROR_PAGES"):
    from django.core.handlers import exception

    # As Django 6.2 renders error pages; up to 6.1, in a thread that all requests share.
    exception.sync_to_async = lambda function, **_options: sync_to_async(
        function, thread_sensitive=True
    )
application = get_asgi_application()
