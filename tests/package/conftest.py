"""The built distribution, and fresh environments that hold it and what it declares."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OLDEST = tuple(int(part) for part in PROJECT["requires-python"].removeprefix(">=").split("."))
ASK_VERSION = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])"


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a failure shows what it wrote."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def pythons() -> list[str]:
    """Return the oldest and the newest supported Python that start on this machine."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [sys.executable, *(f"python3.{minor}" for minor in range(OLDEST[1], 30))]
    candidates += map(str, sorted(pyenv.glob("versions/*/bin/python3")))
    found: dict[tuple[int, ...], str] = {}
    for candidate in candidates:
        if shutil.which(candidate) is None:
            continue
        # A shim of pyenv may stand for a version that is not installed.
        asked = subprocess.run(
            [candidate, "-c", ASK_VERSION], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            version = tuple(int(part) for part in asked.stdout.split())
            if version >= OLDEST:
                found.setdefault(version, candidate)
    return [found[version] for version in sorted({min(found), max(found)})]


@pytest.fixture(scope="session")
def dist(tmp_path_factory) -> Path:
    """A folder with the sdist, and the wheel that is built from it, as an index would have them."""
    folder = tmp_path_factory.mktemp("dist")
    # From a copy: a build would otherwise take along what lies about in the checkout.
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    run(*build, "-t", "sdist", cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    unpacked = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(archive, unpacked, filter="data")
    (source,) = unpacked.iterdir()
    run(*build, "-t", "wheel", cwd=source)
    return folder


@pytest.fixture(scope="session")
def wheel(dist) -> Path:
    (found,) = dist.glob("*.whl")
    return found


class Environment:
    """A virtual environment, and the commands in it."""

    def __init__(self, python: str, folder: Path) -> None:
        self.bin = folder / "bin"
        self.uv = shutil.which("uv")
        if self.uv:
            run(self.uv, "venv", "--quiet", "--python", python, folder)
        else:
            run(python, "-m", "venv", folder)

    def install(self, *what: str | Path) -> None:
        if self.uv:
            run(self.uv, "pip", "install", "--quiet", "--python", self.bin / "python", *what)
        else:
            run(self.bin / "python", "-m", "pip", "install", "--quiet", *what)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a shell in which it is active, and no others of ours."""
        home = os.environ.get("HOME", "/tmp")  # noqa: S108
        return {"PATH": f"{self.bin}{os.pathsep}/usr/bin:/bin", "HOME": home}

    def run(self, command: str, *arguments: str, **options) -> str:
        done = run(self.bin / command, *arguments, env=self.variables, **options)
        return done.stdout


@pytest.fixture(scope="session", params=pythons())
def environment(request, tmp_path_factory, wheel) -> Environment:
    """A fresh one, with the wheel and its declared dependencies alone."""
    made = Environment(request.param, tmp_path_factory.mktemp("environment") / "venv")
    made.install(wheel)
    return made


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory) -> Callable[[str], Environment]:
    """Make an empty environment of a Python."""
    return lambda python: Environment(python, tmp_path_factory.mktemp("environment") / "venv")
