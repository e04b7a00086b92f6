"""What is seen: requests, outgoing calls, the event loop, background work."""

from overlap.instrument.setup import instrument, shutdown
from overlap.instrument.tasks import spawn

__all__ = ["instrument", "shutdown", "spawn"]
