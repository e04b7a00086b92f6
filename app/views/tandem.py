"""In tandem, as the tutorial says: urgent work in the async view, the rest by Celery at night."""

import asyncio

from django.http import HttpResponse

from app.models import Booking
from app.views.mail import send_async


async def book(request):
    await asyncio.gather(send_async(), Booking.objects.acreate(name="Guest"))
    return HttpResponse("A table is booked, and you have mail.")


async def book_one_by_one(request):
    await send_async()
    await Booking.objects.acreate(name="Guest")
    return HttpResponse("A table is booked, and you have mail.")
