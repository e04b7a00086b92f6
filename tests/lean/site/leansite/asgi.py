"""The application: lean or stock by LEAN, with all telemetry by LEAN_TELEMETRY."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leansite.settings")
if os.environ.get("LEAN_TELEMETRY"):
    import overlap

    overlap.instrument(service_name="leansite")
elif os.environ.get("LEAN") == "1":
    from overlap.lean import install

    undo = install(idle_s=float(os.environ.get("LEAN_IDLE_S", "60")))
application = get_asgi_application()
