"""`overlap pocket`: run the small backend, which needs no Docker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from overlap import config


@click.command("pocket")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--otlp-port",
    default=4318,
    show_default=True,
    help="The port that receives telemetry (OTLP/HTTP).",
)
@click.option(
    "--port", default=16686, show_default=True, help="The port of the pages and of Jaeger's v3 API."
)
@click.option("--app-url", default=None, help="The app that scenarios are played against.")
@click.option(
    "--max-spans",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="How many spans to keep; the oldest traces are dropped first.",
)
def command(host: str, otlp_port: int, port: int, app_url: str | None, max_spans: int) -> None:
    """Receive OTLP, keep traces in memory, and serve pages and Jaeger's v3 API."""
    from overlap.pocket import Options, serve

    settings = config.load()
    if app_url:
        settings = replace(settings, app_url=app_url.rstrip("/"))

    def ready(otlp_url: str, page_url: str) -> None:
        click.echo(f"telemetry in  {otlp_url}")
        click.echo(f"page and API  {page_url}")
        click.echo("Ctrl-C stops it; traces are kept in memory only.")

    options = Options(host=host, otlp_port=otlp_port, port=port, max_spans=max_spans)
    asyncio.run(serve(options, settings, ready=ready))
