"""The backend for people with no Docker: OTLP in; Jaeger's v3 API and a page out."""

from overlap.pocket.serve import Options, serve

__all__ = ["Options", "serve"]
