"""The demo's own views under the `traced` fixture, with no server but the upstream."""

import os
import subprocess
import sys


def test_the_tutorial_is_asserted_in_process(demo, root):
    """Shapes, the culprit's line and background work, through Django's own test clients."""
    done = subprocess.run(
        [
            sys.executable, "-X", "dev", "-m", "pytest", "-p", "no:cacheprovider",
            "-o", "addopts=--import-mode=importlib", "-p", "no:asyncio",
            "--ds=app.settings", "tests/app/suite_tutorial.py",
        ],
        cwd=root,
        env=os.environ | {"SMOKEHOUSE_UPSTREAM_URL": f"{demo.httpbin_url}/"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
