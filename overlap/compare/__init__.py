"""Two traces in, what is otherwise in the second out: pure functions, no I/O."""

from overlap.compare.comparison import compare
from overlap.compare.model import Change, Comparison, Side

__all__ = ["Change", "Comparison", "Side", "compare"]
