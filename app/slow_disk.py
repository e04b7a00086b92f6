"""A simulated file on a slow disk: a pipe, whose text is written after a delay.

Reading it waits in the kernel, as reading from a disk does. There is one difference: select and
epoll report a regular file as always ready, so a loop needs a thread to wait for one (aiofiles
uses one); a loop can wait for a pipe or a socket without a thread.
"""

import os
import threading
from time import sleep
from typing import BinaryIO

from app.simulation import DISK_NAP

RECIPE = b"Salt, pepper, paprika.\n"


def open_recipe() -> BinaryIO:
    """Open the recipe for reading; the delay starts now."""
    reading, writing = os.pipe()
    threading.Thread(target=_spin, args=(writing,), name="disk", daemon=True).start()
    return os.fdopen(reading, "rb")


def _spin(writing: int) -> None:
    sleep(DISK_NAP)
    try:
        os.write(writing, RECIPE)
    except BrokenPipeError:
        pass  # the reader has closed it
    finally:
        os.close(writing)
