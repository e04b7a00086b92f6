"""`overlap whatif`."""

from overlap.commands.whatif.command import command

__all__ = ["command"]
