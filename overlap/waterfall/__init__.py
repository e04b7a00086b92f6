"""Lay out a trace as rows of a waterfall, for the terminal and the web page. Pure functions.

The layout uses the judge's repaired tree, so that picture and verdict never contradict
each other.
"""

from overlap.waterfall.lanes import Lane, Turn
from overlap.waterfall.layout import layout
from overlap.waterfall.model import Bar, Fold, Mark, Shade, Waterfall
from overlap.waterfall.outline import Outline

__all__ = ["Bar", "Fold", "Lane", "Mark", "Outline", "Shade", "Turn", "Waterfall", "layout"]
