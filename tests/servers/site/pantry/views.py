"""Views that query, fail, stream, log and start work."""

import asyncio
import logging

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from ninja import NinjaAPI
from rest_framework.decorators import api_view
from rest_framework.response import Response

import overlap

log = logging.getLogger("pantry")
api = NinjaAPI(docs_url=None, openapi_url=None)


def query():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 7")
        return str(cursor.fetchone()[0])


async def index(request):
    log.info("a request")
    return HttpResponse(await sync_to_async(query)())


def plain(request):
    return HttpResponse(query())


async def boom(request):
    raise RuntimeError("too hot")


async def stream(request):
    async def parts():
        for part in ("a", "b"):
            yield part
            await asyncio.sleep(0.001)

    return StreamingHttpResponse(parts())


@api_view(["GET"])
def drf(request):
    return Response({"seven": query()})


@api.get("/{shelf}/")
async def shelf(request, shelf: int):
    return {"shelf": shelf, "seven": await sync_to_async(query)()}


async def start(request):
    overlap.spawn(asyncio.sleep(0.5), name="short")
    return HttpResponse("started")
