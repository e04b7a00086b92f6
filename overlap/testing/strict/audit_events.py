"""Calls that block, by the audit events of the interpreter.

https://docs.python.org/3/library/audit_events.html. A hook can't be removed: ours does nothing
outside strict blocks, and is added with the first one.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from overlap import names

Report = Callable[[str, str, Any], None]
"""Takes the kind, the function and the frame."""

_ALWAYS: Final = {
    "time.sleep": names.BLOCK_SLEEP,  # from Python 3.13 on; before, `c_calls` sees it
    "subprocess.Popen": names.BLOCK_PROCESS,
    "os.system": names.BLOCK_PROCESS,
    "os.posix_spawn": names.BLOCK_PROCESS,
    "os.fork": names.BLOCK_PROCESS,
    "socket.gethostbyname": names.BLOCK_DNS,
    "socket.gethostbyaddr": names.BLOCK_DNS,
    "socket.getnameinfo": names.BLOCK_DNS,
    "fcntl.flock": names.BLOCK_LOCK,
    "fcntl.lockf": names.BLOCK_LOCK,
    "os.listdir": names.BLOCK_FILE,
    "os.scandir": names.BLOCK_FILE,
    "os.mkdir": names.BLOCK_FILE,
    "os.rmdir": names.BLOCK_FILE,
    "os.remove": names.BLOCK_FILE,
    "os.rename": names.BLOCK_FILE,
    "os.truncate": names.BLOCK_FILE,
    "shutil.copyfile": names.BLOCK_FILE,
    "shutil.rmtree": names.BLOCK_FILE,
}
_ON_A_SOCKET: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")

_reports: list[Report] = []
_is_added = False


def watch(report: Report) -> Callable[[], None]:
    """Report calls until the returned function is called."""
    global _is_added  # noqa: PLW0603  a hook is the process's, and for ever
    if not _is_added:
        sys.addaudithook(_hook)
        _is_added = True
    _reports.append(report)
    return lambda: _reports.remove(report)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _reports:
        return
    kind = _kind(event, arguments)
    if kind:
        frame = sys._getframe(1)
        for report in [*_reports]:
            report(kind, "open" if event == "open" else event, frame)


def _kind(event: str, arguments: tuple[Any, ...]) -> str:
    """Return which kind of call blocks; empty if it does not."""
    if event in _ALWAYS:
        return _ALWAYS[event]
    if event == "open":
        # A number is an open file already.
        return "" if isinstance(arguments[0], int) or arguments[0] is None else names.BLOCK_FILE
    if event in _ON_A_SOCKET:
        return names.BLOCK_NETWORK if may_wait(arguments[0]) else ""
    if event == "socket.getaddrinfo":
        return names.BLOCK_DNS if _needs_a_server(arguments[0]) else ""
    return ""


def may_wait(sock: object) -> bool:
    """Return whether calls on a socket wait."""
    try:
        return isinstance(sock, socket.SocketType) and sock.gettimeout() != 0
    except OSError:
        return False


def _needs_a_server(host: Any) -> bool:
    text = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return True
    return False
