"""Facts that stand in more than one file agree, and the rooms keep to their doors."""

import ast
import re
import tomllib

import pytest

LOCKS = ["requirements.lock", "requirements-dev.lock"]
TOOLS = ["requirements-bench.lock", "requirements-docs.lock"]
FIXED = [
    "django", "uvicorn", "httpx", "opentelemetry-sdk", "opentelemetry-instrumentation-django",
    "opentelemetry-instrumentation-httpx", "structlog",
]  # fmt: skip


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def test_overlap_never_knows_the_app(root):
    """Dependencies go one way: `app` may use `overlap`."""
    guilty = [
        str(path.relative_to(root))
        for path in (root / "overlap").rglob("*.py")
        if any(name.partition(".")[0] == "app" for name in imports(path))
    ]
    assert guilty == []


def test_settings_alone_read_the_environment(root):
    """One file of the demo reads its environment variables."""
    readers = {
        path.name
        for path in (root / "app").rglob("*.py")
        if re.search(r"environ(\.get|\[)|getenv", path.read_text(encoding="utf-8"))
    }
    assert readers == {"settings.py"}


@pytest.mark.parametrize("lock", LOCKS + TOOLS)
def test_lock_names_no_registry_and_hashes_everything(root, lock):
    """The environment comes from a lock with hashes that names no host."""
    text = (root / lock).read_text(encoding="utf-8")
    assert "://" not in text
    for name, block in re.findall(r"^([a-z0-9-]+)==(.*?)(?=^\S|\Z)", text, re.M | re.S):
        assert "--hash=sha256:" in block, name


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_what_the_project_is_built_on(root, lock):
    """Every fixed dependency is declared, and locked."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^a-z0-9-]", item)[0] for item in project["dependencies"]}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (root / lock).read_text(encoding="utf-8"), re.M))
    assert set(FIXED) <= declared
    assert declared <= locked


def test_files_stay_short(root):
    """A module is one noun: about 200 lines at most."""
    long = {
        str(path.relative_to(root)): count
        for room in ("app", "overlap")
        for path in (root / room).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 230
    }
    assert long == {}
