"""`overlap run`: pocket and its page beside any Django project, with no change to its code."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from overlap import config
from overlap.errors import OverlapError


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The page's port (16686, or a free one)."
)
@click.option(
    "--otlp-port", type=click.IntRange(0, 65535), help="Telemetry's (4318, or a free one)."
)
@click.option("--no-pocket", is_flag=True, help="Send to what is there, and start no backend.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def command(
    port: int | None, otlp_port: int | None, no_pocket: bool, command: tuple[str, ...]
) -> int:
    """Run COMMAND, a server of a Django project, and show its requests.

    \b
    overlap run -- uvicorn mysite.asgi:application --reload
    overlap run -- gunicorn mysite.asgi -k uvicorn_worker.UvicornWorker
    overlap run -- python manage.py runserver

    Nothing of the project is changed: what `overlap.instrument()` switches on is
    switched on where Django makes its application. Where something takes
    telemetry already (OTEL_EXPORTER_OTLP_ENDPOINT, or port 4318), it goes there.
    Exit status: the command's; 2 if it can't be run or is not Django's.
    """
    from overlap.run import backend
    from overlap.run import command as running
    from overlap.run.process_notes import Notes

    if shutil.which(command[0]) is None:
        raise OverlapError(f"there is no command {command[0]!a}: is the project's venv active?")
    road = backend.road(config.load(), port=port, otlp_port=otlp_port, pocket=not no_pocket)
    told = False
    with TemporaryDirectory(prefix="overlap-run-") as folder:
        notes = Notes(Path(folder))

        def look() -> bool:
            nonlocal told
            if not told and (service := notes.service()):
                told = True
                _say(f"{service} is traced: {road.page_url}")
            return not notes.refused()

        try:
            _say(f"page {road.page_url}, telemetry to {road.otlp_url}")
            environ = running.environment(os.environ, notes, road.otlp_url, road.page_url)
            status = running.run(command, environ, look)
        finally:
            road.stop()
        if sentence := notes.refused():
            raise OverlapError(sentence)
    if not told:
        _say("no Django application was served by this command")
    elif road.process is None:
        _say(f"its traces: {road.page_url}")
    return status


def _say(sentence: str) -> None:
    # Standard output is the command's.
    click.echo(f"overlap: {sentence}", err=True)
