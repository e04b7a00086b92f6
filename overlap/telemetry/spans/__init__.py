"""The tracer provider, and spans that cost less than the SDK's own.

`provider` is what `telemetry.signals` uses.
"""
