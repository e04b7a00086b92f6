"""Short blocking calls in an async view: harmless alone, and a full loop under load."""

import asyncio
import time

from django.http import HttpResponse

from app.simulation import SLICE, SLICES


async def slice_brisket(request):
    for _ in range(SLICES):
        time.sleep(SLICE)
        await asyncio.sleep(0)
    return HttpResponse("Sliced some brisket.")
