"""OTLP/HTTP in: a request body read within limits, decoded, and taken apart into spans.

`receiver.routes` serves it; `span_batch` is what the storage keeps.
"""
