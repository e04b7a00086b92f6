"""The committed dashboards and what provisions them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.queries import dashboards


@pytest.fixture(scope="session")
def boards() -> dict[str, dict[str, Any]]:
    return dashboards()


@pytest.fixture(scope="session")
def panels(boards) -> list[tuple[str, dict[str, Any]]]:
    """Every panel that is no headline, with its dashboard's name."""
    return [
        (name, panel)
        for name, board in boards.items()
        for panel in board["panels"]
        if panel["type"] != "row"
    ]


@pytest.fixture(scope="session")
def sources(root: Path) -> dict[str, dict[str, Any]]:
    """The provisioned data sources by their uids."""
    text = (root / "grafana/provisioning/datasources/overlap.yaml").read_text()
    return {source["uid"]: source for source in yaml.safe_load(text)["datasources"]}
