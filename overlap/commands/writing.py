"""Write what a command was asked for to a file or to standard output."""

from __future__ import annotations

import click

from overlap.files import write_text


def write_output(name: str, text: str) -> None:
    """Write text to the file `name`, or to standard output for `-`. Raise OverlapError."""
    if name == "-":
        click.echo(text, nl=False)
    else:
        write_text(name, text)
