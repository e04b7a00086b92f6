"""What a blocked thread does: it sleeps, reads a file, waits for a lock, …

Decided from the innermost Python frame: from the call it is in, by the source text of the current
instruction, and from the module. Of local variables only the future that is waited for is looked
at, for whose it is. None means unknown: the thread
computes, or waits in C code.
"""

from __future__ import annotations

import asyncio
import builtins
from pathlib import PurePath
from types import FrameType, ModuleType

from overlap import names
from overlap.instrument.loop.loop_futures import waits_for
from overlap.runtime.callee import ENTERED, callee_of

# By the last part of the callee's name.
_CALLS = {
    **dict.fromkeys(("sleep",), names.BLOCK_SLEEP),
    **dict.fromkeys(
        ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"),
        names.BLOCK_DNS,
    ),
    **dict.fromkeys(
        ("open", "read", "readline", "readlines", "readinto", "write", "writelines", "flush",
         "fsync", "read_text", "read_bytes", "write_text", "write_bytes", "listdir", "scandir",
         "stat", "copyfile", "sendfile", "unlink", "rename", "replace", "mkdir"),
        names.BLOCK_FILE,
    ),
    **dict.fromkeys(("acquire", "join"), names.BLOCK_LOCK),
    **dict.fromkeys(
        ("recv", "recv_into", "recvfrom", "send", "sendall", "connect", "connect_ex", "accept",
         "do_handshake", "select", "poll"),
        names.BLOCK_NETWORK,
    ),
    **dict.fromkeys(("waitpid", "wait4", "system", "fork_exec"), names.BLOCK_PROCESS),
}  # fmt: skip

# By the module of the frame, if it has one purpose. This comes before the callee's name.
_FILES = {
    "threading.py": names.BLOCK_LOCK,
    "queue.py": names.BLOCK_LOCK,
    "_base.py": names.BLOCK_LOCK,  # concurrent.futures: result()
    "subprocess.py": names.BLOCK_PROCESS,
    "ssl.py": names.BLOCK_NETWORK,
    "selectors.py": names.BLOCK_NETWORK,
    "pathlib.py": names.BLOCK_FILE,
    "shutil.py": names.BLOCK_FILE,
}


def kind_of(  # noqa: PLR0911  one return a rule
    frame: FrameType, loop: asyncio.AbstractEventLoop | None = None
) -> str | None:
    """Return one of the BLOCK_ kinds in overlap.names; None if the frame does not say.

    loop: the loop that the frame blocks.
    """
    file = PurePath(frame.f_code.co_filename).name
    standard = "-packages/" not in frame.f_code.co_filename
    if waiting := _future_result(frame):
        is_own = loop is not None and waits_for(waiting, loop)
        return names.BLOCK_LOOP_FUTURE if is_own else names.BLOCK_FUTURE
    if standard and file in _FILES:
        return _FILES[file]
    callee = callee_of(frame)
    if callee is None:
        return None
    if callee.startswith(ENTERED):
        return names.BLOCK_LOCK  # nothing else that is entered in C code waits
    found = _CALLS.get(callee.rpartition(".")[2])
    if standard and file == "socket.py":
        return found if found == names.BLOCK_DNS else names.BLOCK_NETWORK
    if found == names.BLOCK_FILE and not _may_be_files(frame, callee):
        return None
    return found


def _future_result(innermost: FrameType) -> FrameType | None:
    """Return the frame of Future.result() of concurrent.futures that the frame is inside of."""
    frame: FrameType | None = innermost
    for _ in range(3):  # Condition.wait, and the lock that it waits for
        if frame is None:
            break
        code = frame.f_code
        if code.co_name in ("result", "exception") and code.co_qualname.startswith("Future."):
            return frame if code.co_filename.endswith("_base.py") else None
        frame = frame.f_back
    return None


def _may_be_files(frame: FrameType, callee: str) -> bool:
    """Return whether `x.read()` and the like may be a file's: not if x is an unrelated module."""
    first, _, rest = callee.partition(".")
    base = frame.f_globals.get(first, vars(builtins).get(first))
    if not rest:
        return base is None or base is open or getattr(base, "__module__", "") in ("io", "_io")
    if isinstance(base, ModuleType):
        return base.__name__ in ("os", "io", "shutil", "codecs", "pathlib")
    return True
