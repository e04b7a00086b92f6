"""The servers that run on Java: their jars from Maven, and the commands that start them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from otel.native.errors import BuildError
from otel.native.servers import Server

JAVA_AT_LEAST = 17
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>overlap</groupId><artifactId>{name}</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
  </dependency></dependencies>
</project>
"""


def why_no_java() -> str | None:
    """Return why servers on Java can't be built and run here; None if they can."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            return f"no `{tool}` is on PATH"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA_AT_LEAST:
        return f"the Java on PATH is {said.splitlines()[0] if said else 'unknown'}"
    return None


def check_java() -> None:
    """Raise BuildError if Java or Maven is missing or too old."""
    if (why := why_no_java()) is not None:
        raise BuildError(
            f"Kafka and Cassandra need Java {JAVA_AT_LEAST} or newer, and Maven, and {why} "
            "(Debian: apt install openjdk-17-jre-headless maven)"
        )


def copy_jars(server: Server, work: Path) -> list[str]:
    """Write the pom; return the command that copies the artifact and all it needs into a folder."""
    group, _, artifact = server.artifact.partition(":")
    text = _POM.format(name=server.name, group=group, artifact=artifact, version=server.version)
    (work / "pom.xml").write_text(text, encoding="utf-8")
    return [
        "mvn", "--batch-mode", "--no-transfer-progress", "dependency:copy-dependencies",
        "-DincludeScope=runtime", f"-DoutputDirectory={work / server.name}",
    ]  # fmt: skip
