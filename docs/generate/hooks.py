"""Hooks of mkdocs: add the generated pages, and check the built site."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs.generate import check, commands, telemetry

PAGES = {
    "reference/commands.md": commands.page,
    "reference/telemetry.md": telemetry.spans_page,
    "reference/metrics.md": telemetry.metrics_page,
}


PREDICTIONS = "explanation/predictions.md"
"""The page that `make predictions` writes: in the navigation once it is there."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the page of predictions behind the one on advice, if it is there."""
    if (Path(config.docs_dir) / PREDICTIONS).is_file() and config.nav is not None:
        (explanation,) = (part["Explanation"] for part in config.nav if "Explanation" in part)
        advice = next(i for i, each in enumerate(explanation) if "Advice" in each)
        explanation.insert(advice + 1, {"Advice beside what happened": PREDICTIONS})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each generated page to the site."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Fail the build where a page loads something from another site."""
    if found := check.external_requests(Path(config.site_dir)):
        raise PluginError("the site loads from elsewhere: " + "; ".join(found))
