"""Settings: `[tool.overlap]` in pyproject.toml, overridden by environment variables."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overlap.errors import OverlapError

if TYPE_CHECKING:
    from overlap.scenario import Scenario

OTLP_ENDPOINT = "http://127.0.0.1:4318"
TRACES_URL = "http://127.0.0.1:16686"
PROMETHEUS_URL = "http://127.0.0.1:9090"
LOKI_URL = "http://127.0.0.1:3100"
GRAFANA_URL = "http://127.0.0.1:3000"
PAGE_URL = "http://127.0.0.1:8004"
NOWHERE = "none"
"""The address that means: this setup has no such server."""
_NAMED = (
    "app_url",
    "scenarios",
    "start_hint",
    "prometheus_url",
    "loki_url",
    "grafana_url",
    "page_url",
    "source_dir",
)


@dataclass(frozen=True, slots=True)
class Config:
    """The addresses and names that all commands use."""

    otlp_endpoint: str = OTLP_ENDPOINT
    """Where telemetry is sent (`OTEL_EXPORTER_OTLP_ENDPOINT`)."""
    traces_url: str = TRACES_URL
    """Where traces are read from: Jaeger's v3 API (`OVERLAP_TRACES_URL`)."""
    traces_public_url: str = ""
    """Where a browser opens a trace, if not at traces_url (`OVERLAP_TRACES_PUBLIC_URL`): inside a
    container, the address of the host."""
    app_url: str = "http://127.0.0.1:8000"
    """The app whose scenarios are played (`OVERLAP_APP_URL`, or app_url in pyproject.toml)."""
    prometheus_url: str = PROMETHEUS_URL
    """Where metrics are read from (`OVERLAP_PROMETHEUS_URL`, prometheus_url), or `none`."""
    loki_url: str = LOKI_URL
    """Where log lines are read from (`OVERLAP_LOKI_URL`, loki_url); `none`: there is none."""
    grafana_url: str = GRAFANA_URL
    """Where Grafana is (`OVERLAP_GRAFANA_URL`, grafana_url); `none`: there is none."""
    page_url: str = PAGE_URL
    """Where `overlap page` is (`OVERLAP_PAGE_URL`, page_url), for the doctor; `none`: nowhere."""
    scenarios: str = ""
    """`package.module:NAME` of the scenarios (`OVERLAP_SCENARIOS`, or scenarios)."""
    servers: Mapping[str, str] = field(default_factory=dict)
    """Other servers that some scenarios are played on, by name ([tool.overlap.servers], and
    `OVERLAP_APP_URL_<NAME>` over it)."""
    source_dir: str = ""
    """The folder of the app's code, from which advice is proven and shown as a diff
    (`OVERLAP_SOURCE_DIR`, source_dir); empty: it is not read."""
    start_hint: str = ""
    """The command that starts the app (`OVERLAP_START_HINT`, start_hint), for error messages."""

    @property
    def source(self) -> Path | None:
        """The folder of the app's code. Raises OverlapError if it is none."""
        if not self.source_dir:
            return None
        if not Path(self.source_dir).is_dir():
            raise OverlapError(f"the source folder {self.source_dir!a} is no folder")
        return Path(self.source_dir)


def load(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings of the project in `folder` or the nearest folder above it.

    Raises OverlapError if pyproject.toml can't be read.
    """
    env = os.environ if environ is None else environ
    table = _table(folder or Path.cwd())
    from_file: dict[str, Any] = {key: str(table[key]) for key in _NAMED if key in table}
    config = replace(Config(), **from_file)
    from_environment: dict[str, Any] = {
        "otlp_endpoint": env.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
        "traces_url": env.get("OVERLAP_TRACES_URL"),
        "app_url": env.get("OVERLAP_APP_URL"),
        "scenarios": env.get("OVERLAP_SCENARIOS"),
        "prometheus_url": env.get("OVERLAP_PROMETHEUS_URL"),
        "loki_url": env.get("OVERLAP_LOKI_URL"),
        "grafana_url": env.get("OVERLAP_GRAFANA_URL"),
        "page_url": env.get("OVERLAP_PAGE_URL"),
        "traces_public_url": env.get("OVERLAP_TRACES_PUBLIC_URL"),
        "start_hint": env.get("OVERLAP_START_HINT"),
        "source_dir": env.get("OVERLAP_SOURCE_DIR"),
    }
    config = replace(config, **{key: value for key, value in from_environment.items() if value})
    return replace(
        config,
        otlp_endpoint=config.otlp_endpoint.rstrip("/"),
        traces_url=config.traces_url.rstrip("/"),
        app_url=config.app_url.rstrip("/"),
        prometheus_url=config.prometheus_url.rstrip("/"),
        loki_url=config.loki_url.rstrip("/"),
        grafana_url=config.grafana_url.rstrip("/"),
        page_url=config.page_url.rstrip("/"),
        servers=_servers(table.get("servers", {}), env),
    )


def load_scenarios(config: Config) -> Sequence[Scenario]:
    """Import the project's scenarios. Raises OverlapError if that fails."""
    module_name, _, attribute = config.scenarios.partition(":")
    if not module_name or not attribute:
        raise OverlapError(
            'no scenarios: set scenarios = "package.module:NAME" under [tool.overlap] '
            "in pyproject.toml, or in OVERLAP_SCENARIOS"
        )
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does: the project is the current folder
    try:
        scenarios: Sequence[Scenario] = getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise OverlapError(f"no scenarios at {config.scenarios}: {error}") from error
    return scenarios


def _servers(table: object, env: Mapping[str, str]) -> Mapping[str, str]:
    named = table if isinstance(table, dict) else {}
    found = {name: env.get(f"OVERLAP_APP_URL_{name.upper()}", str(named[name])) for name in named}
    return {name: url.rstrip("/") for name, url in found.items() if url}


def _table(folder: Path) -> Mapping[str, object]:
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            try:
                tool = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("tool")
            except (OSError, ValueError, RecursionError) as error:
                raise OverlapError(f"{path} can't be read: {error}") from error
            table = tool.get("overlap") if isinstance(tool, dict) else None
            return table if isinstance(table, dict) else {}
    return {}
