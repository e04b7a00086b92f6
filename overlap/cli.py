"""The `overlap` command. Each subcommand is a module of `overlap.commands`, imported on use."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from overlap import __version__
from overlap.errors import OverlapError

COMMANDS = {
    "play": "Play the scenarios, draw their traces, judge them.",
    "verdict": "Judge any trace: an id, a file or standard input.",
    "advice": "Advise what to change, with proof from source and other traces, as a diff.",
    "run": "Run a Django server and show its requests, without changing its code.",
    "compare": "Compare two traces: what differs in the second.",
    "recorder": "Show what the flight recorder wrote: every request before something happened.",
    "survey": "Sum the verdicts on many traces, by service and route.",
    "whatif": "Predict what a change would do, by replaying recorded requests.",
    "doctor": "Check the telemetry pipeline from the app to Grafana: what is broken, what to do.",
    "pocket": "Run the backend for people with no Docker.",
    "page": "Serve the pages of pocket over a backend such as Jaeger.",
    "mcp": "Let an agent ask about routes, traces and advice, over MCP.",
    "bench": "Measure what telemetry costs: ratios within one run, on this machine.",
}


class LazyGroup(click.Group):
    """Lists every command from COMMANDS; imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"overlap.commands.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101  a bug of ours, not of the user
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    __version__,
    message="%(prog)s, version %(version)s (package django-overlap)",
    prog_name="overlap",
)
def group() -> None:
    """Shows whether async Django code really overlaps."""


def main() -> None:
    """Run the command line.

    Exit status: 0 success, 1 a scenario failed, 2 an error that the user can fix.
    """
    try:
        sys.exit(group.main(standalone_mode=False) or 0)
    except OverlapError as error:
        click.echo(f"overlap: {error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
