"""The same source gives the same bytes: whoever builds a release can check it."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.package


def test_wheel_and_sdist_are_reproducible(root, tmp_path):
    """Two builds of two copies, at other times and under another umask."""
    built = []
    for number, umask in enumerate((0o022, 0o077)):
        source = tmp_path / f"copy {number}"
        source.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
            shutil.copy(root / name, source / name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            root / "overlap", source / "overlap", ignore=ignored, copy_function=shutil.copyfile
        )
        for path in source.rglob("*.py"):
            os.utime(path, (number * 10**8, number * 10**8))
            path.chmod(0o644 & ~umask)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path / f"dist {number}")],
            cwd=source,
            env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
            umask=umask,
            check=True,
            capture_output=True,
        )
        dist = sorted((tmp_path / f"dist {number}").iterdir())
        built.append([(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in dist])
    assert len(built[0]) == 2
    assert built[0] == built[1]
