"""Kafka and Cassandra from their jars: their configuration, and the commands that start them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from otel.native.errors import StackError
from otel.native.servers import Server
from otel.native.supervisor import HOST


def kafka(server: Server, files: Path, folder: Path, port: int, controller: int) -> list[str]:
    """Write the broker's configuration and format a new folder; return the command of the broker.

    Raise StackError if the folder can't be formatted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = {
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "log.dirs": f"{folder}/data",
    }
    lines = (files / "kafka.properties").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in here]
    written = folder / "kafka.properties"
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in here.items()), ""])
    written.write_text(text, encoding="utf-8")
    classes = ["-cp", f"{server.place}/*"]
    command = ["java", "-Xmx256m", "-XX:+UseSerialGC", *classes, "kafka.Kafka", str(written)]
    if (folder / "data" / "meta.properties").exists():
        return command  # formatted before: asking again takes seconds, in which nothing is accepted
    tool = [
        "java", *classes, "kafka.tools.StorageTool", "format", "--ignore-formatted",
        "--cluster-id", "T3ZlcmxhcE92ZXJsYXAwMQ", "--config", str(written),
    ]  # fmt: skip
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"Kafka's folder can't be formatted: {(done.stdout + done.stderr)[-600:]}")
    return command


def cassandra(server: Server, files: Path, folder: Path, port: int, storage: int) -> list[str]:
    """Write the node's configuration; return the command that starts it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (files / "cassandra.yaml").read_text(encoding="utf-8")
    text = text.replace("@NATIVE_PORT@", str(port)).replace("@STORAGE_PORT@", str(storage))
    (folder / "cassandra.yaml").write_text(text, encoding="utf-8")
    (folder / "logback.xml").write_text(_LOGBACK, encoding="utf-8")
    return [
        "java", "-Xms512m", "-Xmx512m", "-XX:+UseSerialGC",
        *(f"--add-exports={each}=ALL-UNNAMED" for each in _EXPORTS.split()),
        *(f"--add-opens={each}=ALL-UNNAMED" for each in _OPENS.split()),
        "-Djdk.attach.allowAttachSelf=true",
        f"-Dcassandra.config=file://{folder}/cassandra.yaml",
        f"-Dcassandra.storagedir={folder}/data",
        "-Dcassandra-foreground=yes", "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        f"-Dlogback.configurationFile={folder}/logback.xml",
        "-cp", f"{server.place}/*", "org.apache.cassandra.service.CassandraDaemon",
    ]  # fmt: skip


# What its own start script opens to it (conf/jvm17-server.options).
_EXPORTS = """
java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch
java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry
java.rmi/sun.rmi.server java.sql/java.sql jdk.unsupported/sun.misc
"""
_OPENS = """
java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect
java.base/java.nio java.base/java.util java.base/java.util.concurrent
java.base/java.util.concurrent.atomic java.base/jdk.internal.loader java.base/jdk.internal.math
java.base/jdk.internal.module java.base/jdk.internal.ref java.base/jdk.internal.reflect
java.base/jdk.internal.util.jar java.base/sun.nio.ch
jdk.management/com.sun.management.internal
"""
_LOGBACK = """<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""
