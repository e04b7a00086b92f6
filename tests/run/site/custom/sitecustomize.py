"""The project's own, which must run as ever."""

import sys

sys.custom = "run"
