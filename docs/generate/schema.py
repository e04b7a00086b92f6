"""Our names as a registry of semantic conventions, in the YAML that OpenTelemetry's tools read.

    python -m docs.generate.schema > docs/schemas/registry-1.0.0.yaml

Format: https://github.com/open-telemetry/weaver/blob/main/schemas/semconv-syntax.md. A version is
written once, when it is released. tests/docs/test_schema.py checks that each name of a released
version is still declared, or renamed by the schema file of a later one (docs/schemas/*.yaml).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from docs.generate.telemetry import Name, every_name

VERSION = "1.0.0"
WHOLE = frozenset(
    {
        "overlap.await.task", "overlap.blocked.victims", "overlap.thread.calls",
        "overlap.thread.never_ran", "overlap.thread.abandoned", "overlap.thread.pool.most",
        "overlap.wait.pool.size", "overlap.websocket.close_code", "overlap.websocket.received",
        "overlap.websocket.sent", "overlap.websocket.message_size",
    }
)  # fmt: skip
"""Attributes that are whole numbers."""
TRUE_OR_FALSE = frozenset(
    {
        "overlap.cancelled", "overlap.neighbour", "overlap.victim.at_most",
        "overlap.blocked.unfinished", "overlap.thread.sensitive", "overlap.wait.given_up",
        "overlap.scenario.ok",
    }
)  # fmt: skip
_ONE_OF = re.compile(r"\bOne of the (\w+_) values")


def registry() -> dict[str, Any]:
    """Return all names that begin with `overlap.`, and our spans, as groups of a registry."""
    found = every_name()
    return {"groups": [_attributes(found), *map(_metric, _metrics(found)), *_spans(found)]}


def names() -> set[str]:
    """Return the ids of everything in the registry."""
    return names_in(registry())


def names_in(document: dict[str, Any]) -> set[str]:
    """Return the ids of the attributes and groups of a registry."""
    groups = document["groups"]
    attributes = {each["id"] for group in groups for each in group.get("attributes", ())}
    return attributes | {group["id"] for group in groups}


def type_of(name: str) -> str:
    """Return the type of an attribute's values."""
    if name in WHOLE:
        return "int"
    if name in TRUE_OR_FALSE:
        return "boolean"
    is_number = name.endswith(("_ms", "_s")) or name == "overlap.lens.share"
    return "double" if is_number else "string"


def _attributes(found: list[Name]) -> dict[str, Any]:
    ours = [each for each in found if _is_attribute(each)]
    return {
        "id": "registry.overlap",
        "type": "attribute_group",
        "display_name": "Overlap",
        "brief": "What ran at once in an asyncio process, what waited for what, and what blocked.",
        "attributes": [_attribute(each, found) for each in ours],
    }


def _is_attribute(name: Name) -> bool:
    other = ("METRIC_", "SPAN_", "EVENT_")
    return name.value.startswith("overlap.") and not name.constant.startswith(other)


def _attribute(name: Name, found: list[Name]) -> dict[str, Any]:
    kind: Any = type_of(name.value)
    if match := _ONE_OF.search(name.text):
        values = [each for each in found if each.constant.startswith(match[1])]
        kind = {
            "members": [
                {"id": each.value, "value": each.value, "stability": "development"}
                for each in values
                if "." not in each.value
            ]
        }
    attribute = {"id": name.value.lower(), "type": kind, "stability": "development"}
    attribute["brief"] = name.text or name.comment or name.value
    if kind == "string":
        attribute["examples"] = ["text"]
    return attribute


def _metrics(found: list[Name]) -> list[Name]:
    return [
        each
        for each in found
        if each.constant.startswith("METRIC_") and each.value.startswith("overlap.")
    ]


def _metric(name: Name) -> dict[str, Any]:
    kind, _, rest = name.comment.partition(", ")
    unit = rest.partition(",")[0].strip()
    return {
        "id": f"metric.{name.value}",
        "type": "metric",
        "metric_name": name.value,
        "stability": "development",
        "instrument": kind.replace("up-down counter", "updowncounter"),
        "unit": {"0 to 1": "1"}.get(unit, unit.partition(" ")[0].replace("seconds", "s")),
        "brief": name.text or name.value,
    }


def _spans(found: list[Name]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"span.{each.value.lower().replace(' ', '_')}",
            "type": "span",
            "span_kind": "internal",
            "stability": "development",
            "brief": each.text or each.value,
        }
        for each in found
        if each.constant.startswith("SPAN_")
    ]


if __name__ == "__main__":
    print(f"# Overlap's names, version {VERSION}. Made by docs/generate/schema.py.")
    print(yaml.safe_dump(registry(), sort_keys=False, width=100, allow_unicode=True), end="")
