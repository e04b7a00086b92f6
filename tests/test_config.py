"""The settings of a project: from the nearest pyproject.toml, and the environment over it."""

from __future__ import annotations

import pytest

from overlap import config
from overlap.errors import OverlapError

OVERLAP = b'[tool.overlap]\napp_url = "http://127.0.0.1:1"\n'


def test_the_nearest_file_is_read_and_the_environment_goes_first(tmp_path):
    """A folder below has no file of its own."""
    (tmp_path / "pyproject.toml").write_bytes(OVERLAP)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert config.load(below, {}).app_url == "http://127.0.0.1:1"
    assert config.load(below, {"OVERLAP_APP_URL": "http://h:2"}).app_url == "http://h:2"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + OVERLAP, id="a byte order mark"),
        pytest.param(OVERLAP.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(OVERLAP + b"servers = 3\n", id="servers that are no table"),
    ],
)
def test_every_form_of_toml_is_read(tmp_path, content):
    """Editors on Windows write some of them."""
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert config.load(tmp_path, {}).app_url == "http://127.0.0.1:1"


@pytest.mark.parametrize("content", [b"tool = 3", b"[tool]\noverlap = 3", b"", b"[project]"])
def test_a_file_without_our_table_has_the_defaults(tmp_path, content):
    """It belongs to the project."""
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert config.load(tmp_path, {}) == config.Config()


@pytest.mark.parametrize("content", [b'name = "J\xf6rg"', b"[tool", b"a = " + b"[" * 9_000, b"\0"])
def test_a_file_that_is_no_toml_is_one_sentence(tmp_path, content):
    """Not in UTF-8, not whole, or too deep."""
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(OverlapError, match=r"pyproject\.toml can't be read: ") as refused:
        config.load(tmp_path, {})
    assert "\n" not in str(refused.value)
