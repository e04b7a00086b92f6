"""One view for each thing that a request can do."""

from django.urls import include, path

from smokesite import views

urlpatterns = [
    path("", views.index),
    path("sync/", views.plain),
    path("meats/<int:pk>/", views.meat),
    path("boom/", views.boom),
    path("stream/", views.stream),
    path("sync-stream/", views.sync_stream),
    path("slow-sync-stream/", views.slow_sync_stream),
    path("broken-stream/", views.broken_stream),
    path("pid/", views.pid),
    path("slow/", views.slow),
    path("upload/", views.upload),
    path("only-get/", views.only_get),
    path("moved/", views.moved),
    path("sleepy/", views.sleepy),
    path("endless/", views.endless),
    path("burn/", views.burn),
    path("wait/", views.wait),
    path("congested/", views.congested),
    path("spawn/", views.start_task),
    path("drop/", views.drop),
    path("leave/", views.leave_running),
    path("log/", views.log),
    path("upstream/", views.upstream),
    path("upstream/gone/", views.upstream_gone),
    path("query/", views.query),
    path("file/", views.file),
    path("waiting/", include("smokesite.waiting")),
]
