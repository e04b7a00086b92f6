"""Runs real pytest on the shop's suites, in a process of its own."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SHOP = Path(__file__).parent / "shop"


@pytest.fixture
def run(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest on one of the shop's suites, in a copy of the shop."""
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop, ignore=shutil.ignore_patterns("__pycache__"))

    def run(suite: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "dev", "-m", "pytest", *arguments, suite],
            cwd=shop,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            env={"PATH": "", "COLUMNS": "90", "PYTHONDONTWRITEBYTECODE": "1", **env},
        )

    return run
