"""`overlap pocket`: the backend for people with no Docker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from overlap import config


@click.command("pocket")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--otlp-port", default=4318, show_default=True, help="Telemetry comes in here.")
@click.option("--port", default=16686, show_default=True, help="The page and Jaeger's v3 API.")
@click.option("--app-url", default=None, help="The app whose lessons the page plays.")
@click.option(
    "--max-spans",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="How many spans to keep; the oldest traces go first.",
)
def command(host: str, otlp_port: int, port: int, app_url: str | None, max_spans: int) -> None:
    """Keep and show traces on this machine: OTLP in; Jaeger's v3 API and a page out."""
    from overlap.pocket import Options, serve

    settings = config.load()
    if app_url:
        settings = replace(settings, app_url=app_url.rstrip("/"))

    def ready(otlp_url: str, page_url: str) -> None:
        click.echo(f"telemetry in  {otlp_url}")
        click.echo(f"page and API  {page_url}")
        click.echo("Ctrl-C ends it; nothing is kept.")

    options = Options(host=host, otlp_port=otlp_port, port=port, max_spans=max_spans)
    asyncio.run(serve(options, settings, ready=ready))
