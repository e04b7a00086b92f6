"""The URLs of the loads, and the five requests of the page "stock and ours"."""

from django.urls import path

from overlap.bench.site import views

urlpatterns = [
    path("", views.index),
    path("sync/", views.index_in_a_thread),
    path("orm/", views.count_orders),
    path("orm/kept/", views.count_orders_kept),
    path("second/", views.second),
    path("smoke/", views.smoke),
    path("smoke_in_a_thread/", views.smoke_in_a_thread),
    path("stream/", views.stream),
    path("patience/", views.patience),
]
