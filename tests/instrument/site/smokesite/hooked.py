"""The project under ASGI, with the stock instrumentation's options."""

from django.core.asgi import get_asgi_application

import overlap


def on_request(span, request):
    span.set_attribute("hooked.path", request.path)
    if request.path == "/meats/13/":
        raise RuntimeError("the hook is someone else's code")
    if request.path == "/meats/1/":
        span.update_name("first meat")


def on_response(span, request, response):
    span.set_attribute("hooked.status", response.status_code)


overlap.instrument(
    service_name="smokesite",
    request_hook=on_request,
    response_hook=on_response,
    excluded_urls="sync,moved",
)
application = get_asgi_application()
