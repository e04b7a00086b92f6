"""A middleware that knows no async, as many still do."""


def sync_only(get_response):
    def middleware(request):
        return get_response(request)

    return middleware
