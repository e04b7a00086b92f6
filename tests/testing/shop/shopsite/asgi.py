"""An application that knows nothing of Overlap."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
