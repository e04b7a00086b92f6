"""One view, which says who answers."""

import os
import sys

from django.http import JsonResponse
from django.urls import path


async def bread(request):
    return JsonResponse({"pid": os.getpid(), "custom": getattr(sys, "custom", "none")})


urlpatterns = [path("bread/", bread)]
