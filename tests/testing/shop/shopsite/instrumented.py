"""An application that switches Overlap on by itself."""

from django.core.asgi import get_asgi_application

import overlap

overlap.instrument(service_name="shop")
application = get_asgi_application()
