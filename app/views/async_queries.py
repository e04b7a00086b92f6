"""Database queries without threads: django-async-backend, on PostgreSQL alone."""

import asyncio

from django.conf import settings
from django.http import HttpResponse
from django_async_backend.db import async_new_connection
from django_async_backend.db.models.query import QuerySet

from app.models import Meat
from app.simulation import QUERIES
from app.slow_query import Nap


@async_new_connection
async def first_meat() -> Meat:
    meats = QuerySet(Meat, using=settings.ASYNC_DATABASE)
    return await meats.annotate(checked=Nap()).afirst()


async def queries_without_threads(request):
    first = await asyncio.gather(*[first_meat() for _ in range(QUERIES)])
    return HttpResponse(f"{len(first)} times {first[0]}.")
