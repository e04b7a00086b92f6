"""The registry of our names and the schema file: in their formats, and true of overlap/names."""

from __future__ import annotations

import re

import pytest
import yaml

from docs.generate import schema

TYPES = {"string", "int", "double", "boolean"}
INSTRUMENTS = {"counter", "gauge", "histogram", "updowncounter"}


@pytest.fixture(scope="module")
def folder(root):
    """The folder of released versions."""
    return root / "docs" / "schemas"


def test_the_registry_has_the_form_of_semantic_conventions():
    """Attributes have types and texts, metrics have instruments and units; ids are unique."""
    groups = schema.registry()["groups"]
    attributes = groups[0]["attributes"]
    ids = [each["id"] for each in (*attributes, *groups)]
    assert len(ids) == len(set(ids))
    for each in attributes:
        kind = each["type"]
        assert kind in TYPES if isinstance(kind, str) else kind["members"], each["id"]
        assert each["brief"]
        assert each["stability"] == "development"
    for each in groups[1:]:
        assert each["type"] in {"metric", "span"}
        if each["type"] == "metric":
            assert each["instrument"] in INSTRUMENTS, each["id"]
            assert re.fullmatch(r"s|1|\{\w+\}", each["unit"]), each["id"]
            assert each["id"] == f"metric.{each['metric_name']}"


def test_how_a_task_was_awaited_is_a_list_of_values():
    """An attribute whose values are declared lists them."""
    attributes = schema.registry()["groups"][0]["attributes"]
    (kind,) = [each["type"] for each in attributes if each["id"] == "overlap.wait.kind"]
    assert {"lock", "queue_get"} <= {each["value"] for each in kind["members"]}


def test_each_name_of_a_released_version_is_still_declared_or_renamed(folder):
    """Who stores our telemetry can rely on it: a name that goes away is renamed by a version."""
    files = sorted(folder.glob("[0-9]*.yaml"))
    current = schema.names()
    renamed = dict(change for file in files for change in renames(file))
    assert not current & set(renamed)
    assert set(renamed.values()) <= current
    for file in folder.glob("registry-*.yaml"):
        released = schema.names_in(yaml.safe_load(file.read_text("utf-8")))
        assert {renamed.get(name, name) for name in released} <= current, file.name


def test_schema_files_name_their_version(folder):
    """The version of the URL is that of the file, and the highest that the file describes."""
    files = sorted(folder.glob("[0-9]*.yaml"))
    assert [file.stem for file in files][-1] == schema.VERSION
    for file in files:
        found = yaml.safe_load(file.read_text("utf-8"))
        assert found["file_format"] == "1.1.0"
        assert found["schema_url"].rpartition("/")[2] == file.stem
        assert max(found["versions"], key=version) == file.stem
        assert (folder / f"registry-{file.stem}.yaml").exists()


def version(text):
    """Return a version as numbers."""
    return [*map(int, text.split("."))]


def renames(file):
    """Yield the renames of a schema file: old name, new name."""
    versions = yaml.safe_load(file.read_text("utf-8"))["versions"]
    for sections in versions.values():
        for section in (sections or {}).values():
            for change in section["changes"]:
                for what in change.values():
                    yield from (what.get("attribute_map") or what).items()
