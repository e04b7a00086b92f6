"""Compose files that change another one, merged as compose does, as far as ours need it."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+):-([^}]*)\}")


class Compose(yaml.SafeLoader):
    """YAML with compose's two tags."""


class Override(dict):
    """What takes the place of the other file's, and is not merged with it."""


class OverrideList(list):
    """The same for a list."""


def _override(loader, node):
    if isinstance(node, yaml.SequenceNode):
        made = OverrideList()
        yield made
        made.extend(loader.construct_sequence(node, deep=True))
        return
    made = Override()
    yield made
    made.update(loader.construct_mapping(node, deep=True))


Compose.add_constructor("!override", _override)
Compose.add_constructor(
    "!reset", lambda loader, node: OverrideList() if isinstance(node, yaml.SequenceNode) else None
)


def load(name):
    text = VARIABLE.sub(lambda found: found[2], (ROOT / name).read_text(encoding="utf-8"))
    return yaml.load(text, Compose)["services"]  # noqa: S506  a SafeLoader's child


def merged(overlay):
    """docker-compose.yml with this file on top."""
    services = load("docker-compose.yml")
    for name, changes in load(overlay).items():
        if changes is None:
            del services[name]
            continue
        base = changes.pop("extends", None)
        service = services.setdefault(
            name, dict(load(base["file"])[base["service"]]) if base else {}
        )
        for key, value in changes.items():
            old = service.get(key)
            if isinstance(value, dict) and not isinstance(value, Override) and old:
                service[key] = {**old, **value}
            elif isinstance(value, list) and not isinstance(value, OverrideList) and old:
                service[key] = [*old, *value]
            else:
                service[key] = value
    return services
