"""structlog and logging: one format, and each event exported exactly once as a log record.

`setup` is what `telemetry.signals` uses.
"""
