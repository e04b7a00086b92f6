"""Django's own tests of what lean touches, run stock and lean: each must end the same.

    python tests/lean/django_suite.py [label ...]

Downloads the source distribution of the installed Django with pip into a temporary folder.
Each run is done twice: as Django does it, where every async test has a sync one around it and
lean steps back; and with each async test on an event loop of its own, as under a server, where
lean is at work. Exits with 1 where a test ends otherwise lean than stock.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from collections import Counter
from functools import wraps
from pathlib import Path

LABELS = [
    "asgi", "handlers", "signals", "requests_tests", "responses", "file_uploads", "async",
    "test_client", "middleware", "httpwrappers", "db_utils", "transaction_hooks", "sessions_tests",
]  # fmt: skip
"""The folders of Django's tests; the last ones because they send requests, or count on them."""
TIMEOUT_S = 900


def download(folder: Path) -> Path:
    """Fetch Django's source distribution and give back its folder of tests."""
    import django

    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pip = [shutil.which("pip") or "pip"]
    what = f"django=={django.__version__}"
    options = ["--quiet", "--no-binary", ":all:", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*pip, "download", *options, "--dest", str(folder), what], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (tests,) = folder.glob("*/tests")
    return tests


def run(tests: Path, labels: list[str], *, lean: bool, own_loop: bool) -> dict[str, str]:
    """Run labels in a process of their own; how each test ended, by its name."""
    with tempfile.NamedTemporaryFile(suffix=".json") as told:
        child = subprocess.run(
            [sys.executable, __file__, "--child", *labels],
            cwd=tests,
            env=os.environ
            | {"LEAN": str(int(lean)), "OWN_LOOP": str(int(own_loop)), "TOLD": told.name},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        text = Path(told.name).read_text()
    if not text:
        sys.exit(f"Django's tests did not run:\n{child.stderr[-3000:]}")
    return json.loads(text)


def child(labels: list[str]) -> None:
    """Run Django's runtests.py here, and write down how each test ended."""
    results: dict[str, str] = {}
    for kind in ("Success", "Failure", "Error", "Skip", "ExpectedFailure", "UnexpectedSuccess"):
        _note(kind, results)
    sys.path.insert(0, str(Path.cwd()))
    if os.environ["OWN_LOOP"] == "1":
        from django.test import testcases

        testcases.async_to_sync = _on_own_loop
    if os.environ["LEAN"] == "1":
        from django.core.handlers import asgi

        from overlap.lean import install

        before = asgi.signals
        install()
        assert asgi.signals is not before, "lean stayed off"
    sys.argv = ["runtests.py", "--parallel=1", "--noinput", *labels]
    try:
        runpy.run_path("runtests.py", run_name="__main__")
    finally:
        Path(os.environ["TOLD"]).write_text(json.dumps(results))


def _note(kind: str, results: dict[str, str]) -> None:
    original = getattr(unittest.TextTestResult, f"add{kind}")

    @wraps(original)
    def add(self, test, *details):
        results[test.id()] = kind
        return original(self, test, *details)

    setattr(unittest.TextTestResult, f"add{kind}", add)


def _on_own_loop(function):
    @wraps(function)
    def call(*arguments):
        return asyncio.run(function(*arguments))

    return call


def main(labels: list[str]) -> int:
    """Compare, print the figures, and give back the exit status."""
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        tests = download(Path(folder))
        labels = [label for label in labels if (tests / label).is_dir()]
        for own_loop in (False, True):
            stock = run(tests, labels, lean=False, own_loop=own_loop)
            lean = run(tests, labels, lean=True, own_loop=own_loop)
            print("each async test on its own loop:" if own_loop else "as Django runs them:")
            print("  stock", dict(Counter(stock.values())))
            print("  lean ", dict(Counter(lean.values())))
            for name in sorted(stock.keys() | lean.keys()):
                if stock.get(name) != lean.get(name):
                    different += 1
                    print(f"  {name}: stock {stock.get(name)}, lean {lean.get(name)}")
    return int(different > 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:] or LABELS))
