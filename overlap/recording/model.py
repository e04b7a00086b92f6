"""A recording as plain data. Times are `time.time_ns()`; durations are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Step:
    """One step of a task on the loop."""

    at_ns: int
    """When it began to run."""
    ready_s: float
    """How long it could have run before."""
    took_s: float
    task: int
    line: str
    """Where a long one ended."""


@dataclass(slots=True)
class Call:
    """One call in a thread."""

    at_ns: int
    """When it was handed over."""
    queued_s: float
    took_s: float
    function: str
    thread: int


@dataclass(slots=True)
class Happening:
    """Something that took time: a block of the loop, a collection, a wait for a pool, a rest."""

    at_ns: int
    took_s: float
    what: str
    request: int = 0
    victims: int = 0
    lasts: bool = False
    """A block that had not ended yet."""
    given_up: bool = False


@dataclass(slots=True)
class Connection:
    """One database connection, from when it was opened."""

    at_ns: int
    alias: str
    """The alias of the database, and the thread."""
    request: int
    took_s: float
    closed_ns: int = 0
    """When it was closed; 0: it was still open."""
    closed_by: int = 0
    is_dropped: bool = False
    """Nobody closed it: the garbage collector found it."""


@dataclass(slots=True)
class Request:
    """One request, with all that was recorded for it."""

    number: int
    at_ns: int
    trace_id: str
    """Empty if its begin was overwritten."""
    took_s: float | None = None
    """None: it was still in progress."""
    name: str = ""
    status: int = 0
    outcome: str = ""
    steps: list[Step] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def running_s(self) -> float:
        """How long its tasks ran on the loop, in the steps that were recorded."""
        return sum(step.took_s for step in self.steps)

    @property
    def ready_s(self) -> float:
        """How long they could have run, added up."""
        return sum(step.ready_s for step in self.steps)


@dataclass(slots=True)
class Recording:
    """What one file holds."""

    service: str
    instance: str
    pid: int
    reason: str
    """Why it was written; empty for a ring that was not."""
    at_ns: int
    """When it was written, or the time of its last record."""
    since_ns: int = 0
    """The time of its first record."""
    requests: list[Request] = field(default_factory=list)
    """By the time of their begin."""
    other_steps: int = 0
    """Steps that worked for no request."""
    other_calls: list[Call] = field(default_factory=list)
    blocks: list[Happening] = field(default_factory=list)
    collections: list[Happening] = field(default_factory=list)
    pool_waits: list[Happening] = field(default_factory=list)
    lost: list[Happening] = field(default_factory=list)
    rests: list[Happening] = field(default_factory=list)
    """When steps were not recorded: many requests, and none that lasted."""
    connections: list[Connection] = field(default_factory=list)
    left_out: int = 0
    """Records that can't be right, and were left out: half written, mostly."""
