"""The options that the commands share which serve pages."""

from __future__ import annotations

from dataclasses import replace

import click

from overlap.config import Config

host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
)
app_url = click.option("--app-url", default=None, help="The app that scenarios are played against.")
source = click.option(
    "--source",
    metavar="DIR",
    help="The folder of the app's code: advice is proven from it, and shown as a diff.  "
    "[default: OVERLAP_SOURCE_DIR]",
)
max_spans = click.option(
    "--max-spans",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="How many spans to keep; the oldest traces are dropped first.",
)
survey_minutes = click.option(
    "--survey-minutes",
    type=click.IntRange(1, 1440),
    default=60,
    show_default=True,
    help="How far back the page Routes looks.",
)


def with_options(
    settings: Config, app_url: str | None, source: str | None, traces_url: str | None = None
) -> Config:
    """Return the settings with what the command line says instead.

    Raise OverlapError if the source is no folder.
    """
    if traces_url:
        settings = replace(settings, traces_url=traces_url.rstrip("/"))
    if app_url:
        settings = replace(settings, app_url=app_url.rstrip("/"))
    if source:
        settings = replace(settings, source_dir=source)
    _ = settings.source
    return settings
