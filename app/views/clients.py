"""Several calls of one API: with one HTTP client for the process, or with one for each call."""

from django.http import HttpResponse

from app import upstream
from app.settings import UPSTREAM_URL
from app.simulation import ERRANDS
from app.views.pairs import new_client


async def one_client(request):
    for _ in range(ERRANDS):
        await upstream.get()
    return HttpResponse(f"{ERRANDS} errands, one client.")


async def a_client_each(request):
    for _ in range(ERRANDS):
        async with new_client() as client:
            await client.get(UPSTREAM_URL)
    return HttpResponse(f"{ERRANDS} errands, {ERRANDS} clients.")
