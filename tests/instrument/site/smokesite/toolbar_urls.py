"""The toolbar's own URLs, and a page that it can be shown on."""

import asyncio

from asgiref.sync import sync_to_async
from debug_toolbar.toolbar import debug_toolbar_urls
from django.http import HttpResponse
from django.urls import path


def count():
    """Some sync work with a name that must be escaped."""
    return 7


count.__qualname__ = "<b>count</b>"


async def page(request):
    await asyncio.sleep(0.05)
    return HttpResponse(f"<html><body>{await sync_to_async(count)()}</body></html>")


urlpatterns = [path("page/", page), *debug_toolbar_urls()]
