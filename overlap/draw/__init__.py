"""A trace in the terminal."""

from overlap.draw.picture import aligned, picture
from overlap.draw.text import clean, duration

__all__ = ["aligned", "clean", "duration", "picture"]
