"""Pocket, the backend without Docker: receives OTLP, serves Jaeger's v3 API and pages."""

from overlap.pocket.serve import Options, serve

__all__ = ["Options", "serve"]
