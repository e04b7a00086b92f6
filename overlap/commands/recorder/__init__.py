"""`overlap recorder`: show what the flight recorder wrote."""

from overlap.commands.recorder.command import command

__all__ = ["command"]
