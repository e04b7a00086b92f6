"""The names of all spans, attributes, events and metrics.

A name comes from OpenTelemetry's semantic conventions if they define one; the others are our own.
Each is declared once, in the modules of this package, and is used as `names.NAME`.
"""
# ruff: noqa: F403  the modules hold nothing but names

from __future__ import annotations

from overlap.names.attributes import *
from overlap.names.awaits import *
from overlap.names.conventions import *
from overlap.names.framework import *
from overlap.names.measurements import *
from overlap.names.metrics import *
from overlap.names.queues import *
from overlap.names.spans import *
from overlap.names.waits import *
