"""One path for each view."""

from django.urls import path

from pantry import views

urlpatterns = [
    path("", views.index),
    path("sync/", views.plain),
    path("boom/", views.boom),
    path("stream/", views.stream),
    path("drf/", views.drf),
    path("ninja/", views.api.urls),
    path("spawn/", views.start),
]
