"""`overlap pocket`: run the small backend, which needs no Docker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from overlap import config
from overlap.commands import serving


@click.command("pocket")
@serving.host
@click.option(
    "--otlp-port",
    default=4318,
    show_default=True,
    help="The port that receives telemetry (OTLP/HTTP).",
)
@click.option(
    "--port", default=16686, show_default=True, help="The port of the pages and of Jaeger's v3 API."
)
@serving.app_url
@serving.max_spans
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
