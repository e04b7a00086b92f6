"""A trace in the terminal."""

from overlap.draw.picture import picture
from overlap.draw.words import clean, duration

__all__ = ["clean", "duration", "picture"]
