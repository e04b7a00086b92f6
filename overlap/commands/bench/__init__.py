"""`overlap bench`, and its own commands, a module each."""

from overlap.commands.bench.group import command

__all__ = ["command"]
