"""Hosts and ports of this machine: whether a name is one of it, and what listens on a port."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

_LISTEN = "0A"


def reaches_this_machine(host: str) -> bool:
    """Return whether a connection to this host stays on this machine.

    `0.0.0.0` and `::` count: a client that connects to them reaches loopback.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return address.is_loopback or address.is_unspecified


def describe_listener(port: int) -> str | None:
    """Return `name (pid 123)` of the process that listens on a TCP port, or None.

    It is read from Linux's /proc, best effort: None elsewhere.
    """
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    targets = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()) in targets:
                    return f"{_command(process)} (pid {process.name})"
        except OSError:
            continue  # it has ended, or belongs to another user
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _command(process: Path) -> str:
    raw = (process / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
    text = "".join(c if c.isprintable() else "?" for c in raw.decode("utf-8", "replace"))
    return text[:80] or "a process"
