"""Export over OTLP/HTTP: encoding, the queue before it, the exporters, and what they drop.

Used by the three signals (`telemetry.spans`, `telemetry.logs`, `telemetry.metrics`).
"""
