"""`overlap pocket`: run the small backend, which needs no Docker."""

from __future__ import annotations

import asyncio
from pathlib import Path

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
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    help="The port that receives OTLP by gRPC; needs the extra otlp-grpc.  "
    "[default: 4317, if --otlp-port is 4318]",
)
@click.option(
    "--load",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Show the traces of a saved session; may be given several times.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Save all traces at the end: OTLP JSON lines, packed if FILE ends with .gz.",
)
@serving.app_url
@serving.source
@serving.max_spans
@serving.survey_minutes
def command(  # noqa: PLR0913  one parameter an option
    *,
    host: str,
    otlp_port: int,
    port: int,
    grpc_port: int | None,
    load: tuple[Path, ...],
    save: Path | None,
    app_url: str | None,
    source: str | None,
    max_spans: int,
    survey_minutes: int,
) -> None:
    """Receive OTLP, keep traces in memory, and serve pages and Jaeger's v3 API.

    A session is what is kept: --save writes it at the end, the page Traces offers it at any time,
    and --load shows it again; `overlap verdict` and `overlap survey` read the same file.
    """
    from overlap.pocket import Options, serve
    from overlap.pocket.malloc import keep_memory_small

    keep_memory_small()
    settings = serving.with_options(config.load(), app_url, source)

    def ready(otlp_url: str, page_url: str, grpc: str) -> None:
        click.echo(f"telemetry in  {otlp_url}")
        click.echo(f"page and API  {page_url}")
        if grpc:
            click.echo(f"OTLP by gRPC  {grpc}")
        kept = f"saved to {save} at the end" if save else "kept in memory only"
        click.echo(f"Ctrl-C stops it; traces are {kept}.")

    options = Options(
        host=host,
        otlp_port=otlp_port,
        port=port,
        max_spans=max_spans,
        grpc_port=grpc_port,
        load=load,
        save=save,
        survey_minutes=survey_minutes,
    )
    asyncio.run(serve(options, settings, ready=ready))
