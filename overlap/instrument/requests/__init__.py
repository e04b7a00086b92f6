"""Incoming HTTP requests: one server span for each, from accepted to finished, and metrics.

`django_instrumentor.instrument_django` switches it on; `loop/` and `tasks/` read `server_span`.
"""
