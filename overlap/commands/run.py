"""`overlap run`: run a Django server with telemetry and pocket, without changes to its code."""

from __future__ import annotations

import os
import shutil

import click

from overlap import config
from overlap.errors import OverlapError


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port of the pages (16686, or a free one)."
)
@click.option(
    "--otlp-port",
    type=click.IntRange(0, 65535),
    help="The port that receives telemetry (4318, or a free one).",
)
@click.option(
    "--no-pocket", is_flag=True, help="Send telemetry to the running backend; start none."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def command(
    port: int | None, otlp_port: int | None, no_pocket: bool, command: tuple[str, ...]
) -> int:
    """Run COMMAND, a server, a worker or a management command of a Django project, and show it.

    \b
    overlap run -- uvicorn mysite.asgi:application --reload
    overlap run -- gunicorn mysite.asgi -k uvicorn_worker.UvicornWorker
    overlap run -- python manage.py runserver
    overlap run -- python manage.py db_worker

    The project is not changed: `overlap.instrument()` is called when Django creates
    its application, or when a command of manage.py begins. If a backend is already
    running (OTEL_EXPORTER_OTLP_ENDPOINT, or port 4318), telemetry is sent there.
    Exit status: the command's; 2 if it can't be run or is another project's server.
    """
    from overlap.run import backend
    from overlap.run import command as running
    from overlap.run.process_notes import Notes, temporary_folder

    if shutil.which(command[0]) is None:
        raise OverlapError(f"there is no command {command[0]!a}: is the project's venv active?")
    pipeline = backend.open_pipeline(
        config.load(), port=port, otlp_port=otlp_port, pocket=not no_pocket
    )
    announced = False
    with temporary_folder() as folder:
        notes = Notes(folder)

        def look() -> bool:
            nonlocal announced
            if not announced and (service := notes.traced()):
                announced = True
                _say(f"{service} is traced: {pipeline.page_url}")
            return not notes.refused()

        try:
            _say(f"page {pipeline.page_url}, {pipeline}")
            if pipeline.grpc:
                _say(pipeline.grpc)
            environ = running.environment(os.environ, notes, pipeline.endpoints, pipeline.page_url)
            status = running.run(command, environ, look)
        finally:
            pipeline.stop()
        if sentence := notes.refused():
            raise OverlapError(sentence)
        service = notes.service()
    if service and not announced:
        _say(f"{service} was started, but none of its spans were delivered ({pipeline})")
    elif not announced:
        _say("this command served no Django application, and ran no management command or worker")
    elif pipeline.process is None:
        _say(f"its traces: {pipeline.page_url}")
    return status


def _say(sentence: str) -> None:
    # Standard output belongs to the command.
    click.echo(f"overlap: {sentence}", err=True)
