"""`overlap recorder --page`: the requests of a recording on pocket's pages, without a backend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from overlap import config
from overlap.errors import OverlapError
from overlap.pocket import Options
from overlap.pocket import serve as serve_pocket
from overlap.recording import Recording, summary, traces
from overlap.recording.otlp import text


def serve(recording: Recording, port: int) -> None:
    """Serve the pages until Ctrl-C; port 0 is a free one.

    Raises OverlapError if the port is in use, or the recording has no request that can be shown.
    """
    found = [*traces(recording)]
    if not found:
        raise OverlapError("the recording has no request whose begin is in it: there is no trace")

    def ready(_otlp_url: str, page_url: str, _grpc: str) -> None:
        count = f"{len(found):,} request{'s' * (len(found) > 1)}"
        click.echo(f"{count} of {recording.service!a}, process {recording.pid}")
        click.echo(f"what happened  {page_url}/recording")
        click.echo(f"the longest    {page_url}/trace/{found[0].trace_id}")
        click.echo(f"all            {page_url}/traces")
        click.echo("Ctrl-C stops it.")

    with TemporaryDirectory(prefix="overlap-recorder-") as folder:
        session = Path(folder) / "session.jsonl"
        session.write_text(text(found), "utf-8", "replace")
        options = Options(
            otlp_port=0,
            port=port,
            load=(session,),
            recording=summary(recording),
            max_spans=max(Options().max_spans, sum(len(trace.spans) for trace in found)),
        )
        asyncio.run(serve_pocket(options, config.load(), ready=ready))
