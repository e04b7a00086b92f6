"""Find the process that listens on a port, from Linux's /proc, best effort."""

from __future__ import annotations

from pathlib import Path

_LISTEN = "0A"


def describe_listener(port: int) -> str | None:
    """Return `name (pid 123)` of the process that listens on a TCP port, or None."""
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
