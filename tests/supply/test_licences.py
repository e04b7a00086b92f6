"""Every dependency's licence is one that is allowed, and the bill of materials names them all."""

import json
import re
import subprocess
import sys

import pytest

from overlap import __version__
from tests.supply.__main__ import page, sbom
from tests.supply.dependencies import LOCK, locked

ALLOWED = {
    "Apache-2.0", "MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "PSF-2.0", "ZPL-2.1",
    "Unlicense", "CC0-1.0", "Zlib", "BSL-1.0", "HPND",
    "MPL-2.0",        # certifi, pathspec: used as they are
    "LGPL-3.0-only",  # psycopg: the demo's alone, installed and not copied
}  # fmt: skip
"""Licences under which a dependency may be used beside Apache-2.0."""
OWN = {"LGPL-3.0-only"}
"""Allowed for the demo, never for the package itself."""


def is_allowed(expression, allowed):
    """Whether some way through `OR` has allowed licences only."""
    ways = expression.replace("(", "").replace(")", "").split(" OR ")
    return any(set(way.split(" AND ")) <= allowed for way in ways)


@pytest.mark.parametrize("found", list(locked()), ids=lambda found: f"{found.name} {found.version}")
def test_the_licence_is_allowed(found):
    """What is not installed here, for another Python or system, is checked there."""
    assert found.licence is None or is_allowed(found.licence, ALLOWED), found.licence


def test_the_package_itself_needs_no_lgpl(root):
    """Only extras may: whoever installs the package has none."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^a-z0-9-]", item)[0] for item in project["dependencies"]}
    for found in locked():
        if found.name in needed:
            assert found.licence is None or is_allowed(found.licence, ALLOWED - OWN)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("unknown: ", False),
    ],
)
def test_an_expression_is_judged_by_its_ways(expression, allowed):
    """`OR` lets one choose, `AND` does not."""
    assert is_allowed(expression, ALLOWED) is allowed


def test_the_bill_of_materials_names_every_dependency(root):
    """Version, hashes of every file and licence, in CycloneDX's form."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.supply"], cwd=root, capture_output=True, text=True, check=True
    )
    bill = json.loads(found.stdout)
    assert bill == json.loads(json.dumps(sbom()))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == __version__
    lines = re.findall(r"^[a-z0-9-]+==", (root / LOCK).read_text(encoding="utf-8"), re.M)
    assert len(bill["components"]) == len(lines) > 50
    refs = [component["bom-ref"] for component in bill["components"]]
    assert len(set(refs)) == len(refs)
    for component in bill["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["externalReferences"], component["name"]


def test_the_page_names_every_package_of_the_lock():
    """Of those that are installed here."""
    text = page()
    for found in locked():
        assert found.licence is None or f"| {found.name} | {found.licence} |" in text
