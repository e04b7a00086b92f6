"""`overlap mcp` where it can't serve, and the skill that it prints."""

import subprocess
import sys

import pytest

from overlap.commands.mcp import NOT_INSTALLED


def run(folder, *arguments, **env):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "mcp", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        cwd=folder, env={"PATH": "", **env},
    )  # fmt: skip


@pytest.mark.parametrize("hidden", ["mcp", "mcp.server.mcpserver"])
def test_without_the_sdk_or_with_an_old_one_it_is_one_sentence(tmp_path, hidden):
    """It says what to install."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{hidden!r}] = None\n")
    done = run(tmp_path, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"overlap: {NOT_INSTALLED}\n"


def test_an_address_that_is_none_is_one_sentence(tmp_path):
    """Before a client waits for an answer."""
    done = run(tmp_path, "--traces-url", "soup")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("overlap: traces_url is not an HTTP address: 'soup'")


def test_it_ends_with_its_input(tmp_path):
    """When the client has closed it, without a word."""
    done = run(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_skill_says_what_it_is_for(tmp_path, root):
    """Name and description stand in front, as agents look for; every tool that it names is one."""
    done = run(tmp_path, "--skill")
    assert done.returncode == 0
    head, _, body = done.stdout.removeprefix("---\n").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    assert fields["name"] == "overlap"
    assert 40 < len(fields["description"]) <= 1024
    for tool in ("routes", "why", "advice", "verdict", "critical_path", "compare", "doctor"):
        assert f"`{tool}`" in body
    agents = (root / "AGENTS.md").read_text(encoding="utf-8")
    assert "overlap mcp --skill" in agents
