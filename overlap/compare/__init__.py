"""Compare two traces: what differs in the second. Pure functions, no I/O."""

from overlap.compare.comparison import compare
from overlap.compare.model import Change, Comparison, Side

__all__ = ["Change", "Comparison", "Side", "compare"]
