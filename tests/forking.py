"""Fork the test's process, or a script's, whatever its threads."""

import os
import warnings


def fork():
    """Return as `os.fork` does. Its warning of other threads is expected: a test forks to see."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
