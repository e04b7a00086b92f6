"""A fix for Celery: revoking a task must not kill its process while it holds the pool's lock.

With a broker that can't use an event loop, such as files in a folder, the processes of Celery's
pool report to the worker through one pipe, with one lock. `revoke(terminate=True)` before a task
has started kills its process as soon as the pool receives the report that the task starts. On a
busy machine that process may still hold the lock. Then no process can report any more, and the
worker, which waits for all of them, can't even stop. (With Redis each process has its own pipe.)
"""

import os
import time
from contextlib import suppress

EXIT_WITHIN_S = 1.0
POLL_S = 0.005


def lock_pipe_before_kill(pool):
    """Make Celery's `pool` acquire the lock before it kills a process, until the process ends."""
    outqueue = getattr(getattr(pool, "_pool", None), "_outqueue", None)
    lock, kill = getattr(outqueue, "_wlock", None), pool.terminate_job
    if lock is None:
        return

    def terminate_job(pid, signal=None):
        locked = lock.acquire(timeout=EXIT_WITHIN_S)
        try:
            kill(pid, signal)
            deadline = time.monotonic() + EXIT_WITHIN_S
            while locked and is_alive(pid) and time.monotonic() < deadline:
                time.sleep(POLL_S)
        finally:
            if locked:
                lock.release()

    pool.terminate_job = terminate_job


def is_alive(child):
    """Return whether a child process still runs, and leave its exit status for its owner."""
    with suppress(ChildProcessError):  # its exit status was already collected
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None
    return False
