"""A file on a slow disk: a pipe into which its text is written after a while.

Reading it waits in the kernel, as a disk makes one wait. It differs in one thing: select and
epoll call a regular file ready at all times, so that a loop can't wait for one without a thread
(which is what aiofiles has); for a pipe or a socket it can.
"""

import os
import threading
from time import sleep
from typing import BinaryIO

from app.simulation import DISK_NAP

RECIPE = b"Salt, pepper, paprika.\n"


def open_recipe() -> BinaryIO:
    """The recipe, open for reading; the disk is at work from now on."""
    reading, writing = os.pipe()
    threading.Thread(target=_spin, args=(writing,), name="disk", daemon=True).start()
    return os.fdopen(reading, "rb")


def _spin(writing: int) -> None:
    sleep(DISK_NAP)
    try:
        os.write(writing, RECIPE)
    except BrokenPipeError:
        pass  # whoever wanted it has gone
    finally:
        os.close(writing)
