"""Read what the flight recorder wrote: as figures, as words, and as traces.

`read` gives a `Recording`; `summary` what is in it; `traces` a trace for each request, which the
verdict, the survey and the page take as any other.
"""

from overlap.recording.model import Call, Connection, Recording, Request, Step
from overlap.recording.read import read
from overlap.recording.summary import Summary, summary
from overlap.recording.traces import traces

__all__ = [
    "Call",
    "Connection",
    "Recording",
    "Request",
    "Step",
    "Summary",
    "read",
    "summary",
    "traces",
]
