"""Findings as SARIF 2.1.0, the format that code hosts and editors show at file and line.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from overlap import __version__
from overlap.ci.finding import BLOCKING, LOST, Finding
from overlap.ci.gate import Checked
from overlap.files import write_text

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT: Final = "%SRCROOT%"
RULES: Final = {
    BLOCKING: (
        "error",
        "The event loop is blocked",
        "While this line runs, no other request of the process does. Await it, run it in a "
        "thread, or compute it in another process.",
    ),
    LOST: (
        "error",
        "Background work is lost",
        "A background task started and never ended. Queue it outside the process, or start it "
        "with overlap.spawn and wait for it at shutdown.",
    ),
    "gather": (
        "warning",
        "Independent awaits run one after another",
        "Await them with asyncio.gather or a TaskGroup, if none needs what another returns.",
    ),
    "threads": (
        "warning",
        "Sync calls share one thread",
        "Call them with sync_to_async(thread_sensitive=False), if they share no connection.",
    ),
    "one_query": (
        "warning",
        "A query is repeated",
        "Use select_related or prefetch_related: one query instead of one a row.",
    ),
    "one_client": (
        "warning",
        "A client is made for each call",
        "Make one client when the process starts: it keeps its connections.",
    ),
    "limit": (
        "warning",
        "Calls wait for a limit",
        "Raise the limit of the semaphore, thread pool or connection pool that lets only so many "
        "run at a time, if what they call can take more.",
    ),
    "workers": (
        "warning",
        "Requests wait for a full event loop",
        "Serve with more workers, or make each step on the event loop shorter.",
    ),
    "circuit_breaker": (
        "warning",
        "A call is tried again while its server is down",
        "Stop calling for a while after a failure (a circuit breaker), and answer without it.",
    ),
    "async_caller": (
        "warning",
        "A thread only waits for async code",
        "Make the sync middleware, or the sync function, asynchronous: it needs no thread then.",
    ),
    "reference": (
        "warning",
        "Nothing waits for a task",
        "Start it with overlap.spawn, or keep a reference and wait for it at shutdown.",
    ),
    "time_limit": (
        "warning",
        "A slow call has no time limit",
        "Give the call a time limit that the caller's own clients can wait for.",
    ),
    "async_iterator": (
        "warning",
        "A stream is made before it is sent",
        "Give StreamingHttpResponse an asynchronous iterator: under ASGI, Django runs a "
        "synchronous one to its end, in a thread, before it sends the first part.",
    ),
    "task_group": (
        "warning",
        "Gathered calls continue after one has failed",
        "Use asyncio.TaskGroup, which cancels the others.",
    ),
    "processes": (
        "warning",
        "Threads take turns to compute",
        "Compute in a ProcessPoolExecutor: the threads of a process share one interpreter lock.",
    ),
}
"""By rule: level, what is wrong, what to do. A rule that is not here is a warning."""


def document(checked: Checked) -> dict[str, Any]:
    """Return the SARIF log of findings; acknowledged ones are suppressed, with their reason."""
    rows = [(finding, None) for finding in checked.new]
    rules = sorted({finding.rule for finding, _ in [*rows, *checked.known]} | set(RULES))
    results = [_result(finding, rules) for finding, _ in rows]
    for finding, acknowledgment in checked.known:
        suppression = {
            "kind": "external",
            "justification": f"{acknowledgment.reason} (until {acknowledgment.expires})",
        }
        results.append(_result(finding, rules) | {"suppressions": [suppression]})
    driver = {
        "name": "Overlap",
        "semanticVersion": __version__,
        "rules": [_rule(name) for name in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def write(path: Path, checked: Checked) -> None:
    """Write the SARIF log of findings. Raise OverlapError if the file can't be written."""
    write_text(path, f"{json.dumps(document(checked), indent=2)}\n")


def _rule(name: str) -> dict[str, Any]:
    level, short, full = RULES.get(name, ("warning", name, name))
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("_")),
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "defaultConfiguration": {"level": level},
    }


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    properties = {
        "route": finding.route, "test": finding.test, "traceId": finding.trace_id,
    }  # fmt: skip
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": RULES.get(finding.rule, ("warning",))[0],
        "message": {"text": finding.text},
        "occurrenceCount": finding.count,
        "partialFingerprints": {"overlap/v1": finding.fingerprint},
        "properties": {key: value for key, value in properties.items() if value},
    }
    if location := _location(finding):
        result["locations"] = [location]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if finding.file:
        artifact: dict[str, Any] = {"uri": _uri(finding.file)}
        if not artifact["uri"].startswith("file:"):
            artifact["uriBaseId"] = ROOT
        location["physicalLocation"] = {
            "artifactLocation": artifact,
            "region": {"startLine": max(1, finding.line)},
        }
    name = finding.function or finding.route
    if name:
        kind = {"kind": "function"} if finding.function else {}
        location["logicalLocations"] = [{"fullyQualifiedName": name, **kind}]
    return location


def _uri(file: str) -> str:
    """Return a file as a URI, relative to the root of the source if the file is."""
    path = file.replace("\\", "/")
    if path.startswith("/"):
        return f"file://{quote(path)}"
    if len(path) > 1 and path[1] == ":":
        return f"file:///{quote(path, safe='/:')}"
    return quote(path)
