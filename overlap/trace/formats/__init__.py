"""Readers, a module for each format: OTLP (JSON, protobuf), Jaeger, Zipkin, the SDK's console.

Each turns one parsed document into spans. `overlap.trace.read` recognises the format.
"""
