"""`overlap doctor`: check the telemetry pipeline and name the first hop that is broken."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from urllib.parse import urlsplit

import click
from rich.console import Console

from overlap.config import NOWHERE, Config, load
from overlap.doctor import STORED_WITHIN_S, Context, Finding, broken, new_client, walk
from overlap.doctor.report import Report, as_dict
from overlap.errors import OverlapError

MAY_BE_NONE = ("prometheus_url", "loki_url", "grafana_url")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=90,
    show_default=True,
    help="Seconds for all checks together.",
)
@click.option(
    "--stored-within",
    "stored_within_s",
    type=click.FloatRange(min=0, min_open=True),
    default=STORED_WITHIN_S,
    show_default=True,
    help="Seconds until a trace must be stored; where a collector samples, its decision_wait more.",
)
@click.option("--path", default="/", show_default=True, help="The path to request from the app.")
@click.option("--app-url", metavar="URL", help="Where the app is.")
@click.option(
    "--otlp-endpoint",
    metavar="URL[,URL]",
    help="Where its telemetry is sent; several with commas: each gateway is checked.",
)
@click.option("--traces-url", metavar="URL", help="Where traces are read from.")
@click.option("--prometheus-url", metavar="URL", help="Prometheus; `none` if there is none.")
@click.option("--loki-url", metavar="URL", help="Loki; `none` if there is none.")
@click.option("--grafana-url", metavar="URL", help="Grafana; `none` if there is none.")
def command(
    as_json: bool, timeout_s: float, stored_within_s: float, path: str, **addresses: str | None
) -> int:
    """Check the telemetry pipeline from the app to Grafana, hop by hop, and name the broken hop.

    Exit status: 0 if every hop of this setup works, 1 if one is broken, 2 if an address is invalid.
    """
    over = {key: url.rstrip("/") for key, url in addresses.items() if url}
    config = replace(load(), **over)  # type: ignore[arg-type]  # all of them are strings
    check(config)
    path = path if path.startswith("/") else f"/{path}"
    findings = asyncio.run(_walk(config, path, timeout_s, stored_within_s, as_json=as_json))
    if as_json:
        click.echo(json.dumps(as_dict(findings), indent=2))
    return 1 if broken(findings) else 0


def check(config: Config) -> None:
    """Raise OverlapError if an address is not a URL."""
    for key in ("app_url", "otlp_endpoint", "traces_url", *MAY_BE_NONE):
        value = str(getattr(config, key))
        if value == NOWHERE and key in MAY_BE_NONE:
            continue
        for url in value.split(",") if key == "otlp_endpoint" else [value]:
            if not _is_address(url.strip()):
                raise OverlapError(
                    f"{key} is not an HTTP address: {url!r}; an example is http://127.0.0.1:8000"
                )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def _walk(
    config: Config, path: str, timeout_s: float, stored_within_s: float, *, as_json: bool
) -> list[Finding]:
    findings: list[Finding] = []
    report = Report(Console(highlight=False, quiet=as_json))
    async with new_client() as client:
        with report:
            context = Context(config, client, path, stored_within_s=stored_within_s)
            async for finding in walk(context, timeout_s, report.looking):
                findings.append(finding)
                report.found(finding)
    report.summary(findings)
    return findings
