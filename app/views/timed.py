"""One async view, behind a sync and behind an async middleware: see app/timing.py."""

from django.http import HttpResponse

from app.views.crowd import call


async def timed(request):
    await call()
    return HttpResponse("Timed.")
