"""Play scenarios: fire their requests, wait for the complete trace, judge it."""

from overlap.play.player import Player
from overlap.play.result import Progress, Result

__all__ = ["Player", "Progress", "Result"]
