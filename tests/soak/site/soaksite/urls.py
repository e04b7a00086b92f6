"""Every view of the little site, the ORM, and the vital signs of the process."""

import asyncio
import gc
import sqlite3
import threading

from django.contrib.auth.models import Group
from django.http import JsonResponse
from django.urls import path
from smokesite.urls import urlpatterns as little


async def orm(request):
    await Group.objects.aget_or_create(name=f"group {request.GET.get('n', '0')}")
    return JsonResponse({"count": await Group.objects.acount()})


def sync_orm(request):
    return JsonResponse({"names": [group.name for group in Group.objects.all()[:5]]})


async def vitals(request):
    gc.collect()
    return JsonResponse(
        {
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "connections": sum(isinstance(each, sqlite3.Connection) for each in gc.get_objects()),
            "names": sorted(thread.name for thread in threading.enumerate()),
        }
    )


urlpatterns = [
    *little, path("orm/", orm), path("sync-orm/", sync_orm), path("vitals/", vitals),
]  # fmt: skip
