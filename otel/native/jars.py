"""The servers that run on Java: their jars from Maven, and the commands that start them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from otel.native.errors import BuildError, StackError
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


def kafka(server: Server, properties: Path) -> list[str]:
    """Return the command of a broker with this configuration."""
    return [
        "java",
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-cp",
        f"{server.place}/*",
        "kafka.Kafka",
        str(properties),
    ]


def format_kafka(server: Server, files: Path, folder: Path, options: dict[str, str]) -> Path:
    """Write the broker's configuration, format its folder if it is new, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (files / "kafka.properties").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in options]
    written = folder / "kafka.properties"
    written.write_text("\n".join([*kept, *(f"{k}={v}" for k, v in options.items()), ""]), "utf-8")
    tool = ["java", "-cp", f"{server.place}/*", "kafka.tools.StorageTool", "format",
            "--cluster-id", "T3ZlcmxhcE92ZXJsYXAwMQ", "--ignore-formatted", "--config", str(written)]  # fmt: skip
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            f"Kafka's folder can't be formatted: {done.stdout[-400:]}{done.stderr[-400:]}"
        )
    return written


_EXPORTS = ("java.base/jdk.internal.misc", "java.base/jdk.internal.ref", "java.base/sun.nio.ch",
            "java.management.rmi/com.sun.jmx.remote.internal.rmi", "java.rmi/sun.rmi.registry",
            "java.rmi/sun.rmi.server", "java.sql/java.sql", "jdk.unsupported/sun.misc")  # fmt: skip
_OPENS = ("java.base/java.lang.module", "java.base/jdk.internal.loader", "java.base/jdk.internal.ref",
          "java.base/jdk.internal.reflect", "java.base/jdk.internal.math", "java.base/jdk.internal.module",
          "java.base/jdk.internal.util.jar", "jdk.management/com.sun.management.internal", "java.base/sun.nio.ch",
          "java.base/java.io", "java.base/java.nio", "java.base/java.lang", "java.base/java.lang.reflect",
          "java.base/java.util", "java.base/java.util.concurrent", "java.base/java.util.concurrent.atomic")  # fmt: skip
"""What Cassandra's own start script opens to it (conf/jvm17-server.options)."""


def cassandra(server: Server, files: Path, folder: Path, native: int, storage: int) -> list[str]:
    """Write the node's configuration; return the command that starts it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (files / "cassandra.yaml").read_text(encoding="utf-8")
    text = text.replace("@NATIVE_PORT@", str(native)).replace("@STORAGE_PORT@", str(storage))
    (folder / "cassandra.yaml").write_text(text, "utf-8")
    (folder / "logback.xml").write_text(_LOGBACK, "utf-8")
    return [
        "java", "-Xms512m", "-Xmx512m", "-XX:+UseSerialGC",
        *(f"--add-exports={each}=ALL-UNNAMED" for each in _EXPORTS),
        *(f"--add-opens={each}=ALL-UNNAMED" for each in _OPENS),
        "-Djdk.attach.allowAttachSelf=true", f"-Dcassandra.config=file://{folder}/cassandra.yaml",
        f"-Dcassandra.storagedir={folder}/data", "-Dcassandra-foreground=yes",
        "-Dcassandra.skip_wait_for_gossip_to_settle=0", f"-Dlogback.configurationFile={folder}/logback.xml",
        "-cp", f"{server.place}/*", "org.apache.cassandra.service.CassandraDaemon",
    ]  # fmt: skip


_LOGBACK = """<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""
