"""Two surveys, before and after a deploy: what became slower or faster, and what is new."""

from overlap.survey.against.comparison import compare
from overlap.survey.against.gates import Gate, failures, gates

__all__ = ["Gate", "compare", "failures", "gates"]
