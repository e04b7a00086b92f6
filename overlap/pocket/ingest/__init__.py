"""The OTLP/HTTP receiver: reads a body within limits, decodes it, splits it into spans.

`receiver.routes` serves it; `span_batch` is what the storage keeps.
"""
