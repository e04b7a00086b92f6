"""A trace and its verdict as rows to draw: pure, and the same for the terminal and the web page.

What the judge mended is drawn as mended, so that picture and verdict never contradict
each other.
"""

from overlap.waterfall.lanes import Lane, Turn
from overlap.waterfall.layout import layout
from overlap.waterfall.model import Bar, Mark, Shade, Waterfall

__all__ = ["Bar", "Lane", "Mark", "Shade", "Turn", "Waterfall", "layout"]
