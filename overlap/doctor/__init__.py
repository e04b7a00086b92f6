"""The road for a user, hop by hop: what works, what does not, and what to do about that."""

from overlap.doctor.context import Visit, new_client
from overlap.doctor.finding import Finding
from overlap.doctor.walk import HOPS, Hop, broken, walk

__all__ = ["HOPS", "Finding", "Hop", "Visit", "broken", "new_client", "walk"]
