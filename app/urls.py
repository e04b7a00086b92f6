"""The tutorial's routes, in its order; beside each, the pair that does it otherwise."""

from django.contrib import admin
from django.urls import path

from app.views import pairs, tutorial

urlpatterns = [
    path("admin/", admin.site.urls),
    path("smoke_some_meats/", tutorial.smoke_some_meats),
    path("smoke_some_meats/sync/", pairs.smoke_some_meats_sync),
    path("smoke_some_meats/new_clients/", pairs.smoke_some_meats_new_clients),
    path("burn_some_meats/", tutorial.burn_some_meats),
    path("burn_some_meats/await/", pairs.burn_some_meats_await),
    path("sync_to_async/", tutorial.async_with_sync_view),
    path("async/", tutorial.async_view),
    path("async/unreferenced/", pairs.async_view_unreferenced),
    path("sync/", tutorial.sync_view),
    path("", tutorial.index),
]
