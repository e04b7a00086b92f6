"""The references of spans, attributes, events and metrics, made from overlap/names."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from overlap import names

FOLDER = Path(names.__file__).parent
MODULES = (
    "conventions", "spans", "attributes", "queues", "measurements", "waits", "awaits",
    "framework", "metrics",
)  # fmt: skip
"""In the order in which the pages show them."""
_SECTION = re.compile(r"^# --- (.+?) -+$")
_VALUES = re.compile(r"\bOne of the (\w+_) values( below)?")


@dataclass(frozen=True)
class Name:
    """One constant of names: its section there, its value and what is said of it."""

    section: str
    constant: str
    value: str
    comment: str
    """What stands behind it on its line."""
    text: str
    """The docstring below it."""


def declared(source: str) -> list[Name]:
    """Return every string constant of names, in its order."""
    lines = source.splitlines()
    body = ast.parse(source).body
    found = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        value = node.value
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            continue
        said = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            said = " ".join(str(after.value.value).split())
        _, _, comment = lines[node.lineno - 1].partition("  # ")
        found.append(
            Name(_section(lines[: node.lineno]), ast.unparse(target), value.value, comment, said)
        )
    return found


def every_name() -> list[Name]:
    """Return every string constant of the package, module by module."""
    sources = ((FOLDER / f"{module}.py").read_text("utf-8") for module in MODULES)
    return [name for source in sources for name in declared(source)]


def _section(above: list[str]) -> str:
    return next((m[1] for line in reversed(above) if (m := _SECTION.match(line))), "")


def spans_page() -> str:
    """Return the page of spans, attributes, events, links and log records."""
    found = [each for each in every_name() if "METRIC" not in each.constant]
    parts = [
        "# Spans, attributes and events\n",
        "Made from `overlap/names/`, which declares every name once. OpenTelemetry's semantic "
        "conventions come first, and mean what they mean there; what they have no name for begins "
        "with `overlap.`.\n",
        "A scenario's root span is called `scenario NAME`. A background task's span has the name "
        "that `overlap.spawn` was given. A request is one server span, `METHOD ROUTE`; a database "
        "query is a span named by its operation and table.\n",
    ]
    for section in dict.fromkeys(each.section for each in found):
        rows = [each for each in found if each.section == section]
        parts += [f"## {section[:1].upper()}{section[1:]}\n", _table(rows, found)]
    return "\n".join(parts)


def _table(rows: list[Name], every: list[Name]) -> str:
    if not any(row.text or row.comment for row in rows):
        return "\n".join(f"- `{row.value}`" for row in rows) + "\n"
    table = ["| name | meaning |", "|---|---|"]
    for row in rows:
        text = _VALUES.sub(lambda match: _values(match[1], every), row.text)
        table.append(f"| `{row.value}` | {_cell(_constants(text or row.comment, every))} |")
    return "\n".join(table) + "\n"


def _values(prefix: str, every: list[Name]) -> str:
    return "One of " + ", ".join(
        f"`{each.value}`" for each in every if each.constant.startswith(prefix) and _plain(each)
    )


def _plain(name: Name) -> bool:
    """Whether this is a value, and not the name of an attribute."""
    return "." not in name.value


def _constants(text: str, every: list[Name]) -> str:
    """Replace the names of constants by what they stand for."""
    values = {each.constant: each.value for each in every}
    return re.sub(r"\b[A-Z]+(?:_[A-Z]+)+\b", lambda m: f"`{values.get(m[0], m[0])}`", text)


def metrics_page() -> str:
    """Return the page of metrics."""
    every = every_name()
    table = ["| metric | kind and unit | attributes | meaning |", "|---|---|---|---|"]
    for each in every:
        if each.constant.startswith("METRIC_"):
            what, _, by = each.comment.partition(", by ")
            cells = (f"`{each.value}`", what, _constants(_prefixes(by, every), every), each.text)
            table.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return METRICS.format(table="\n".join(table))


def _prefixes(text: str, every: list[Name]) -> str:
    """Replace `CODE_ of the culprit` by the attributes that begin so."""
    return re.sub(
        r"\b([A-Z]+_)(?= |$)",
        lambda m: ", ".join(f"`{each.value}`" for each in every if each.constant.startswith(m[1])),
        text,
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


METRICS = """# Metrics

Made from `overlap/names/`. Durations are in seconds. Metrics are exported every five seconds
unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise. Prometheus replaces dots by underscores and
adds the unit and `_total`.

{table}

Beside these, by OpenTelemetry's semantic conventions: `http.server.request.duration` and
`http.server.active_requests` by method, route and status, `http.client.request.duration` by method,
server and status (calls that were not answered are in it, with `error.type`), and the SDK's own
metrics of what it exported.
"""
