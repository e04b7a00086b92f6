"""`overlap advice`."""

from overlap.commands.advice.command import command

__all__ = ["command"]
