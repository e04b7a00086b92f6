"""`overlap mcp`: let an agent ask about routes, traces and advice, over MCP."""

from __future__ import annotations

import asyncio
from importlib import resources
from importlib.util import find_spec

import click

from overlap import config
from overlap.commands import serving
from overlap.errors import OverlapError

NOT_INSTALLED = "the MCP SDK is not installed: pip install 'django-overlap[mcp]'"


@click.command("mcp")
@click.option(
    "--traces-url",
    metavar="URL",
    help="The backend whose traces the tools read.  [default: OVERLAP_TRACES_URL]",
)
@click.option("--app-url", metavar="URL", help="The app that scenarios are played against.")
@serving.source
@click.option("--skill", is_flag=True, help="Print a skill for agents (SKILL.md), and exit.")
def command(traces_url: str | None, app_url: str | None, source: str | None, skill: bool) -> None:
    """Serve tools for agents over the Model Context Protocol, on standard input and output.

    An agent's client starts this command itself. The tools are routes, traces, verdict,
    critical_path, why, advice, compare, scenarios, play and doctor, over pocket or any backend
    with Jaeger's v3 API. It needs the extra `mcp`: pip install 'django-overlap[mcp]'.
    """
    if skill:
        text = resources.files("overlap.mcp").joinpath("SKILL.md").read_text(encoding="utf-8")
        click.echo(text, nl=False)
        return
    if find_spec("mcp") is None or find_spec("mcp.server.mcpserver") is None:
        raise OverlapError(NOT_INSTALLED)
    from overlap.commands.doctor import check
    from overlap.mcp.server import serve

    settings = serving.with_options(config.load(), app_url, source, traces_url)
    check(settings)
    asyncio.run(serve(settings))
