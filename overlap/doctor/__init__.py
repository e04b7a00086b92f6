"""Checks of the telemetry pipeline, hop by hop: what works, what is broken, what to do."""

from overlap.doctor.context import STORED_WITHIN_S, Context, new_client
from overlap.doctor.finding import Finding
from overlap.doctor.walk import HOPS, Hop, broken, walk

__all__ = ["HOPS", "STORED_WITHIN_S", "Context", "Finding", "Hop", "broken", "new_client", "walk"]
