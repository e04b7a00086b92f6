"""`overlap survey`: its command, its options of time, and its findings for CI."""

from overlap.commands.survey.command import command

__all__ = ["command"]
