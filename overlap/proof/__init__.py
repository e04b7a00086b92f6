"""How sure the advice to gather is: by the source of the code, and by other traces of it."""

from overlap.proof.grading import graded, graded_verdict

__all__ = ["graded", "graded_verdict"]
