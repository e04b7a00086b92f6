"""The reference of the commands, made from the click commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from overlap.cli import group

INTRODUCTION = """# Commands

Made from the commands themselves. `overlap COMMAND --help` prints the same on a terminal.

All commands find the app and the backend by their options, by environment variables, or by
`[tool.overlap]` in the project's `pyproject.toml`, in this order: see [settings](settings.md).
Input that can't be used is one sentence and exit code 2.

"""


def page() -> str:
    """Return the page, a section for each command."""
    with click.Context(group, info_name="overlap") as context:
        sections = list(_sections(group, context))
    return INTRODUCTION + "\n".join(sections)


def _sections(parent: click.Group, context: click.Context) -> Iterator[str]:
    for name in parent.list_commands(context):
        command = parent.get_command(context, name)
        if command is None or command.hidden:
            continue
        with click.Context(command, info_name=name, parent=context) as inner:
            yield _section(command, inner)
            if isinstance(command, click.Group):
                yield from _sections(command, inner)


def _section(command: click.Command, context: click.Context) -> str:
    # click leaves room at the right of some lines, and `\b` marks a paragraph kept as it is.
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"## {context.command_path}", f"```text\n{usage}\n```", _help(command)]
    rows = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context))
    ]
    if rows:
        table = ["| option | meaning |", "|---|---|"]
        table += [f"| `{_cell(option)}` | {_text(text)} |" for option, text in rows]
        parts.append("\n".join(table))
    return "\n\n".join(parts) + "\n"


def _help(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "").split("\f")[0]
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(_paragraph(each) for each in paragraphs)


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if lines and lines[0].strip() == "\b":
        return "```text\n" + "\n".join(lines[1:]) + "\n```"
    return text


def _text(text: str) -> str:
    # Two ranges in brackets beside each other would be a link.
    return _cell(text).replace("[", "\\[")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
