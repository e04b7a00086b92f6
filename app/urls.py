"""The tutorial's routes, in its order; beside each, the pair that does it otherwise."""

from django.contrib import admin
from django.urls import path

from app.views import (
    cpu,
    crowd,
    failing,
    files,
    leaving,
    mixing,
    pairs,
    streams,
    third_party,
    timed,
    tutorial,
)

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
    # After the tutorial: its questions, and what else it says to try.
    path("mixed/", mixing.sync_and_async),
    path("mixed/sync/", mixing.sync_throughout),
    path("fails/gather/", failing.gather_fails),
    path("fails/task_group/", failing.task_group_fails),
    path("fails/as_completed/", failing.as_completed_fails),
    path("fails/timeout/", failing.too_slow),
    path("calls/", crowd.all_at_once),
    path("calls/five_at_a_time/", crowd.five_at_a_time),
    path("order/", leaving.order),
    path("order/shielded/", leaving.order_shielded),
    path("api/slow/", third_party.slow_api),
    path("api/slow/limited/", third_party.slow_api_limited),
    path("api/refusing/", third_party.refusing_api),
    path("api/unwell/", third_party.unwell_api),
    path("api/unwell/once/", third_party.unwell_api_once),
    path("file/", files.file_on_the_loop),
    path("file/thread/", files.file_in_a_thread),
    path("file/awaited/", files.file_awaited),
    path("stream/", streams.stream),
    path("stream/sync/", streams.stream_of_a_sync_generator),
    path("events/", streams.events),
    path("cpu/", cpu.cpu_on_the_loop),
    path("cpu/threads/", cpu.cpu_in_threads),
    path("cpu/processes/", cpu.cpu_in_processes),
    path("timed/sync/", timed.timed),
    path("timed/async/", timed.timed),
]
