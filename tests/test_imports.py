"""The map of rooms holds: imports run one way, no folder is crowded, each room says what it is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = sorted(path.parent for path in (ROOT / "overlap").rglob("__init__.py"))
MODULES_AT_MOST = 14


def test_imports_run_one_way():
    """Every contract of [tool.importlinter] in pyproject.toml is kept."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_says_what_it_is_for(room):
    """Its `__init__.py` has a docstring, which is what a newcomer reads first."""
    text = (room / "__init__.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))


def test_every_folder_with_modules_is_a_package():
    """A folder without `__init__.py` would escape the contracts.

    The one without stands on the path of the process that `overlap run` starts: Python itself
    imports its `sitecustomize`.
    """
    modules = (ROOT / "overlap").rglob("*.py")
    folders = {path.parent for path in modules if path.name != "sitecustomize.py"}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_no_room_is_crowded(room):
    """A folder holds as many modules as one look takes in."""
    assert len(list(room.glob("*.py"))) <= MODULES_AT_MOST


def test_the_instrument_itself_is_a_few_files():
    """What it sees is in its rooms; `find overlap -path '*/instrument/*' -maxdepth 2` is short."""
    assert len(list((ROOT / "overlap/instrument").glob("*.py"))) <= 6
