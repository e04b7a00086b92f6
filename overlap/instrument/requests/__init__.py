"""Incoming HTTP: one server span a request, from accepted to finished, and its metrics.

`django_instrumentor.instrument_django` switches it on; `loop/` and `tasks/` read `server_span`.
"""
