"""A health check for whatever starts the app. It is not a scenario.

docker-compose.yml keeps it out of the traces: OTEL_PYTHON_DJANGO_EXCLUDED_URLS.
"""

from django.http import HttpResponse


async def health(request):
    return HttpResponse("ok\n", content_type="text/plain")
