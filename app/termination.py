"""A task's process is not killed in the middle of a word.

Where a broker knows no event loop, as files in a folder, the processes of Celery's pool share
one pipe for what they have to say, and a lock on it. `revoke(terminate=True)` that comes before
the task has begun kills its process the moment the pool hears that it begins: on a busy
machine, before that process has given the lock back. Nobody could ever say a word again, and the
worker, waiting for all to end, would not even stop. (With Redis each process has a pipe of its
own.)
"""

import os
import time
from contextlib import suppress

GONE_WITHIN_S = 1.0
LOOK_S = 0.005


def let_speak_first(pool):
    """Have Celery's `pool` take the lock before it kills, and keep it until the process is gone."""
    outqueue = getattr(getattr(pool, "_pool", None), "_outqueue", None)
    lock, kill = getattr(outqueue, "_wlock", None), pool.terminate_job
    if lock is None:
        return

    def terminate_job(pid, signal=None):
        has_it = lock.acquire(timeout=GONE_WITHIN_S)
        try:
            kill(pid, signal)
            deadline = time.monotonic() + GONE_WITHIN_S
            while has_it and is_alive(pid) and time.monotonic() < deadline:
                time.sleep(LOOK_S)
        finally:
            if has_it:
                lock.release()

    pool.terminate_job = terminate_job


def is_alive(child):
    """Whether a child of this process has not ended; whoever started it still hears how it did."""
    with suppress(ChildProcessError):  # it was heard already
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None
    return False
