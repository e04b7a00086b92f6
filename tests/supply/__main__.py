"""`python -m tests.supply`: the bill of materials, as CycloneDX, on standard output.

`page` is docs/reference/licences.md, which the build of the docs adds.
"""

import json
import sys
import tomllib
from typing import Any

from overlap import __version__
from tests.supply.dependencies import LOCK, ROOT, Dependency, locked

_HEAD = f"""# Licences

Overlap is Apache-2.0. These are the licences of what `{LOCK}` installs: the package's own dependencies and the demo's.
`tests/supply/test_licences.py` checks each against a list of those that are allowed. The names are SPDX's; where a
package has none of them, its classifier decides. `make sbom` writes the same as CycloneDX, with versions and hashes.

| package | licence |
|---|---|
"""


def sbom() -> dict[str, Any]:
    """Return the bill of materials of the locked environment, as CycloneDX 1.6."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library", "bom-ref": f"pkg:pypi/{name}@{__version__}", "name": name, "version": __version__,
                "purl": f"pkg:pypi/{name}@{__version__}", "licenses": [{"expression": project["license"]}],
            }
        },
        "components": [_component(each) for each in locked()],
    }  # fmt: skip


def _component(found: Dependency) -> dict[str, Any]:
    purl = f"pkg:pypi/{found.name}@{found.version}"
    component: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": found.name, "version": found.version, "purl": purl,
        # Of each file that the lock accepts: sdist and wheels.
        "externalReferences": [
            {"type": "distribution", "url": purl, "hashes": [{"alg": "SHA-256", "content": each}]}
            for each in found.hashes
        ],
    }  # fmt: skip
    licence = found.licence
    if licence is not None and not licence.startswith("unknown"):
        component["licenses"] = [{"expression": licence}]
    if found.marker:
        component["properties"] = [{"name": "python:marker", "value": found.marker}]
    return component


def page() -> str:
    """Return the page of licences, of what is installed here."""
    rows = {each.name: each.licence for each in locked() if each.licence is not None}
    return _HEAD + "\n".join(f"| {name} | {licence} |" for name, licence in rows.items()) + "\n"


if __name__ == "__main__":
    json.dump(sbom(), sys.stdout, indent=2)
    sys.stdout.write("\n")
