"""`overlap page`: the pages of pocket over any backend with Jaeger's v3 API."""

from __future__ import annotations

import asyncio

import click

from overlap import config
from overlap.commands import serving


@click.command("page")
@click.option(
    "--traces-url",
    default=None,
    help="The backend whose traces are shown.  [default: OVERLAP_TRACES_URL]",
)
@serving.host
@click.option("--port", default=8004, show_default=True, help="The port of the pages.")
@serving.app_url
@serving.source
@serving.max_spans
@serving.survey_minutes
def command(  # noqa: PLR0913  click passes them by name
    *,
    traces_url: str | None,
    host: str,
    port: int,
    app_url: str | None,
    source: str | None,
    max_spans: int,
    survey_minutes: int,
) -> None:
    """Serve pocket's pages over the traces of a backend with Jaeger's v3 API.

    A trace has its verdict, critical path and advice; Routes is the survey of the last hour; and
    scenarios can be played where the app can be reached. Links lead to the same trace in the
    backend's own pages (OVERLAP_TRACES_PUBLIC_URL) and to Grafana (OVERLAP_GRAFANA_URL).
    """
    from overlap.page import Options, serve

    settings = serving.with_options(config.load(), app_url, source, traces_url)

    def ready(page_url: str) -> None:
        click.echo(f"traces of  {settings.traces_url}")
        click.echo(f"page       {page_url}")
        click.echo("Ctrl-C stops it.")

    asyncio.run(serve(Options(host, port, max_spans, survey_minutes), settings, ready=ready))
