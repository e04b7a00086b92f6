"""The pages of pocket over another backend's traces: Jaeger's, or any with its v3 API.

`mirror` copies the newest traces to a bounded store, which the pages show; `serve` runs both.
"""

from overlap.page.serve import Options, serve

__all__ = ["Options", "serve"]
