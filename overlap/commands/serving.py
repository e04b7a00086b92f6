"""The options that the commands share which serve pages."""

from __future__ import annotations

import click

host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
)
app_url = click.option("--app-url", default=None, help="The app that scenarios are played against.")
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
