"""The wheel of `make wheel-compiled`: compiled by mypyc, it sums and judges as the pure one."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.package.conftest import ROOT, Environment, run

pytestmark = [
    pytest.mark.package,
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("compiled"),
]
BUILD = ("hatchling", "hatch-mypyc>=0.16", "mypy>=1.16", "msgspec>=0.20")
SWITCH = {"HATCH_BUILD_HOOK_ENABLE_MYPYC": "1"}
USED = ("overlap.judge.tree.repair", "overlap.survey.summing.of_trace")
ASK = "import sys, importlib; print(importlib.import_module(sys.argv[1]).__file__)"


@pytest.fixture(scope="module")
def compiled(dist, tmp_path_factory) -> Path:
    """A folder with the files of the compiled wheel, built from the sdist."""
    folder = tmp_path_factory.mktemp("compiled")
    shutil.unpack_archive(next(dist.glob("*.tar.gz")), folder / "sdist", filter="data")
    (source,) = (folder / "sdist").iterdir()
    builder = Environment(sys.executable, folder / "venv")
    builder.install(*BUILD)
    build = (builder.bin / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    run(*build, cwd=source, env={**builder.variables, **SWITCH})
    (wheel,) = folder.glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_compiled_modules_are_used_and_the_pure_ones_are_beside_them(compiled):
    """Each extension has its source next to it, for another Python and for tracebacks."""
    extensions = [*(compiled / "overlap" / "judge").rglob("*.so")]
    assert len(extensions) > 30
    missing = [so for so in extensions if not so.with_name(f"{so.name.split('.')[0]}.py").exists()]
    assert missing == []
    for module in USED:
        ask = [sys.executable, "-c", ASK, module]
        used = subprocess.check_output(ask, cwd=compiled, text=True)
        assert used.strip().endswith(".so")


def test_the_judges_and_the_surveys_tests_pass_against_the_compiled_package(compiled):
    """The same tests, in a process that imports the compiled modules."""
    tests = [str(ROOT / "tests" / name) for name in ("judge", "waterfall", "survey", "trace")]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not spark", *tests]
    command += ["-c", str(ROOT / "pyproject.toml")]
    command += [f"--rootdir={ROOT}", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(compiled)}
    done = subprocess.run(
        command, cwd=compiled, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
