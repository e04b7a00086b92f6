"""The tracer provider, and spans that cost less than the SDK's own.

`telemetry.signals` uses `span_pipeline`; the other modules are its parts.
"""
