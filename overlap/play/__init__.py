"""Plays lessons: fires their requests, waits for the whole trace, judges it."""

from overlap.play.player import Player
from overlap.play.result import Progress, Result

__all__ = ["Player", "Progress", "Result"]
