"""Routes are readable, in the span's name and in http.route."""

from __future__ import annotations

import pytest

from overlap.instrument.requests.naming.readable_route import readable_route


@pytest.mark.parametrize(
    ("route", "readable"),
    [
        ("", "/"),
        ("meats/<int:pk>/", "/meats/<int:pk>/"),
        ("files/(draft)/a+b.txt", "/files/(draft)/a+b.txt"),
        ("^$", "/"),
        ("^items/$", "/items/"),
        ("^items/?$", "/items"),
        (r"^items/(?P<pk>[^/.]+)/$", "/items/{pk}/"),
        (r"^items/(?P<pk>[^/.]+)\.(?P<format>[a-z0-9]+)/?$", "/items/{pk}.{format}"),
        (r"^items\.(?P<format>[a-z0-9]+)/?$", "/items.{format}"),
        (r"^items/(?P<pk>\d+)/rate/$", "/items/{pk}/rate/"),
        (r"api/^items/(?P<pk>[0-9a-f]{8}(?:-[0-9a-f]{4}){3})/$", "/api/items/{pk}/"),
        (r"<slug:shop>/^items/(?P<pk>\d+)/$", "/<slug:shop>/items/{pk}/"),
        (r"^archive/(\d{4})/(\d{1,2})/$", "/archive/{var}/{var}/"),
        (r"^(?P<day>(?P<year>\d{4})-\d\d)/$", "/{day}/"),
        (r"^page(?:/(?P<number>\d+))?/$", "/page/{number}/"),
        (r"^(?:export|import)/$", "/(export|import)/"),
        (r"^(?P<kind>raw|cooked)/(?=x)x(?!y)$", "/{kind}/x"),
        (r"^(?P<a>\w+)/(?P=a)/$", "/{a}/{a}/"),
        (r"^robots.txt$", "/robots.txt"),
        (r"^robots\.txt\Z", "/robots.txt"),
        (r"^static/.*$", "/static/*"),
        (r"^old/\d+/[a-z]+$", "/old/*/*"),
        (r"^brackets/\(x\)/\[y\]/$", "/brackets/(x)/[y]/"),
        (r"^(?P<pk>[()\[\]]+)/$", "/{pk}/"),
        (r"^shops/(?P<pk>\d+)/^items/(?P<pk>\d+)/$", "/shops/{pk}/items/{pk}/"),
        (r"^(?i)menu/$", "/menu/"),
        (r"^(?i:menu)/$", "/menu/"),
        (r"^(?P<lazy>.+?)/end$", "/{lazy}/end"),
        (r"^unbalanced(/$", "/unbalanced(/$"),
    ],
)
def test_a_route_is_readable(route, readable):
    """Groups by their names; `path()` as it is; what can't be read as it is, too."""
    assert readable_route(route) == readable


SITE = """
from django.conf import settings
settings.configure(
    ROOT_URLCONF="kitchen_urls", SECRET_KEY="x", ALLOWED_HOSTS=["*"], USE_TZ=True,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []},
)
import overlap
overlap.instrument()
import django
django.setup()
import asyncio, sys, types
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import include, path, re_path
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ViewSet

class Items(ViewSet):
    def list(self, request, **_): return Response([])
    def retrieve(self, request, pk, **_): return Response(pk)
    @action(detail=True)
    def rate(self, request, pk, **_): return Response(5)

router = DefaultRouter()
router.register("items", Items, basename="item")

async def plain(request, **_): return HttpResponse("ok")

urls = sys.modules["kitchen_urls"] = types.ModuleType("kitchen_urls")
urls.urlpatterns = [
    path("api/", include(router.urls)),
    re_path(r"^archive/(?P<year>\\d{4})/$", plain),
    path("meats/<int:pk>/", plain),
]

async def ask():
    client = AsyncClient()
    for url in ("/api/items/", "/api/items/7/", "/api/items/7/rate/", "/api/items/7.json",
                "/archive/2026/", "/meats/3/"):
        assert (await client.get(url)).status_code == 200, url

asyncio.run(ask())
overlap.shutdown()
"""


def test_routes_of_a_router_and_of_re_path(own_sink, run):
    """Django REST framework's own router: list, detail, an extra action, a format suffix."""
    run(SITE, own_sink.url)
    routes = {
        "/api/items/",
        "/api/items/{pk}/",
        "/api/items/{pk}/rate/",
        "/api/items/{pk}.{format}",
        "/archive/{year}/",
        "/meats/<int:pk>/",
    }
    served = [span for span in own_sink.spans if span.kind == 2]
    assert {span.name for span in served} == {f"GET {route}" for route in routes}
    assert {span.attributes["http.route"] for span in served} == routes
