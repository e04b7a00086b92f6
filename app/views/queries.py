"""Database queries: gathered, one for each row, and in async views beside sync ones."""

import asyncio

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpResponse

from app.models import Meat, Smoker
from app.simulation import QUERIES


async def gathered_queries(request):
    first = await asyncio.gather(*[Meat.objects.slow().afirst() for _ in range(QUERIES)])
    return HttpResponse(f"{len(first)} times {first[0]}.")


@sync_to_async(thread_sensitive=False)
def first_meat_of_its_own_connection() -> Meat:
    try:
        return Meat.objects.slow().first()
    finally:
        connection.close()  # this thread's: Django does not


async def queries_at_once(request):
    first = await asyncio.gather(*[first_meat_of_its_own_connection() for _ in range(QUERIES)])
    return HttpResponse(f"{len(first)} times {first[0]}.")


async def query_for_each_row(request):
    lines = []
    async for meat in Meat.objects.far().order_by("pk"):
        smoker = await Smoker.objects.far().aget(pk=meat.smoker_id)
        lines.append(f"{meat} in the {smoker}\n")
    return HttpResponse(lines)


async def one_query_for_all_rows(request):
    lines = []
    async for meat in Meat.objects.far().select_related("smoker").order_by("pk"):
        lines.append(f"{meat} in the {meat.smoker}\n")
    return HttpResponse(lines)


async def menu(request):
    meat = await Meat.objects.slow().afirst()
    return HttpResponse(f"Today: {meat}.")


def menu_sync(request):
    meat = Meat.objects.slow().first()
    return HttpResponse(f"Today: {meat}.")
