"""Jaeger's v3 API over the store.

`jaeger.routes` serves it; `query_parameters` is also used by the pages.
"""
