"""The locked dependencies: names, versions and hashes from a lock, licences from what is installed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"
_SPDX = {
    "Apache Software License": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0", "Apache": "Apache-2.0", "Apache-2": "Apache-2.0",
    "Apache License": "Apache-2.0", "Apache 2": "Apache-2.0",
    "MIT License": "MIT", "The MIT License (MIT)": "MIT", "BSD License": "BSD-3-Clause", "BSD": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause", "BSD-3-Clause License": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause", "ISC License (ISCL)": "ISC", "ISC License": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0",
    "PSFL": "PSF-2.0", "PSF": "PSF-2.0", "Zope Public License": "ZPL-2.1", "ZPL 2.1": "ZPL-2.1",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only", "LGPL-3.0-only": "LGPL-3.0-only",
    "3-Clause BSD": "BSD-3-Clause", "Dual License": "Apache-2.0 OR BSD-3-Clause",
}  # fmt: skip
"""What packages call their licence, by the names of SPDX."""


@dataclass(frozen=True)
class Dependency:
    """One line of a lock."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str

    @property
    def licence(self) -> str | None:
        """The licence as SPDX names it; None where the package is not installed here."""
        try:
            found = distribution(self.name).metadata
        except PackageNotFoundError:
            return None
        if expression := found.get("License-Expression"):
            return str(expression)
        classified = [
            each.rpartition(" :: ")[2]
            for each in found.get_all("Classifier") or []
            if each.startswith("License :: OSI Approved :: ")
        ]
        named = (found.get("License") or "").strip().partition("\n")[0]
        words = (
            [named]
            if named in _SPDX or re.fullmatch(r"[\w.+-]+( (OR|AND) [\w.+-]+)*", named)
            else classified
        )
        return (
            " OR ".join(sorted({_SPDX.get(each, each) for each in words}))
            or f"unknown: {named[:40]}"
        )


def locked(lock: str = LOCK) -> Iterator[Dependency]:
    """Yield each dependency of a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    for found in re.finditer(
        r"^([a-z0-9-]+)==([^\s;\\]+)([^\n]*)\n((?:    --hash=[^\n]*\n?)*)", text, re.M
    ):
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", found[4]))
        marker = found[3].partition(";")[2].strip(" \\")
        yield Dependency(found[1], found[2], hashes, marker)
