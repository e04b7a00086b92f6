"""Hooks of mkdocs: add the generated pages, and check the built site."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs.generate import check, commands, telemetry
from tests.supply import __main__ as supply
from tests.supply import long_runs, threats

PAGES = {
    "reference/commands.md": commands.page,
    "reference/telemetry.md": telemetry.spans_page,
    "reference/metrics.md": telemetry.metrics_page,
    "reference/licences.md": supply.page,
    "explanation/threats.md": threats.page,
    "explanation/long-runs.md": long_runs.page,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each generated page to the site."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Fail the build where a page loads something from another site."""
    if found := check.external_requests(Path(config.site_dir)):
        raise PluginError("the site loads from elsewhere: " + "; ".join(found))
