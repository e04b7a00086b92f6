"""What a thread did in the frame that it was found in: slept, read a file, waited for a lock, …

Read from the innermost Python frame: which call it stood in, by the source text that the
instruction belongs to, and by whose module that is. No local variable is looked at. Where
this tells nothing, it is None: the thread computed, or waited in C code for who knows what.
"""

from __future__ import annotations

import builtins
import linecache
import re
from itertools import islice
from pathlib import PurePath
from types import FrameType, ModuleType

from overlap import names

_CALL = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_ITEM = re.compile(r"(?:with\s+)?([A-Za-z_][\w.]*)\s*(?::|as\b|\Z)")
_ENTERED = "with "

# The last name of the callee, where the call says enough.
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

# The module of the frame, where it has one purpose; before the callee's name.
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


def kind_of(frame: FrameType) -> str | None:
    """One of the BLOCK_ kinds in names.py, as far as the frame tells."""
    file = PurePath(frame.f_code.co_filename).name
    standard = "-packages/" not in frame.f_code.co_filename
    if standard and file in _FILES:
        return _FILES[file]
    callee = callee_of(frame)
    if callee is None:
        return None
    if callee.startswith(_ENTERED):
        return names.BLOCK_LOCK  # what else is entered in C code and makes one wait
    found = _CALLS.get(callee.rpartition(".")[2])
    if standard and file == "socket.py":
        return found if found == names.BLOCK_DNS else names.BLOCK_NETWORK
    if found == names.BLOCK_FILE and not _may_be_files(frame, callee):
        return None
    return found


def callee_of(frame: FrameType) -> str | None:
    """The dotted name that is called where the frame stands; `with x`, where x is entered."""
    place = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    if place is None or None in place:
        return None
    line, last, start, end = place
    source = linecache.getline(frame.f_code.co_filename, line or 0)
    text = source.encode()[start : end if line == last else None].decode(errors="replace")
    # The instruction that enters belongs to the whole statement, or to what it enters.
    if source.lstrip().startswith(_ENTERED) and (found := _ITEM.match(text)):
        return f"{_ENTERED}{found[1]}"
    return found[1] if (found := _CALL.match(text)) else None


def _may_be_files(frame: FrameType, callee: str) -> bool:
    """Whether `x.read()` and the like may be a file's: not where x is a module of another kind."""
    first, _, rest = callee.partition(".")
    base = frame.f_globals.get(first, vars(builtins).get(first))
    if not rest:
        return base is None or base is open or getattr(base, "__module__", "") in ("io", "_io")
    if isinstance(base, ModuleType):
        return base.__name__ in ("os", "io", "shutil", "codecs", "pathlib")
    return True
