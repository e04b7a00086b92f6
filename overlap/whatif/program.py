"""What a request did, as a program that the simulation runs: steps on the loop, waits, calls.

Times are integers, in nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

LENS: Final = "lens"
SPANS: Final = "spans"
BORROWED: Final = "borrowed"
"""What a job is known from: the lens's figures, spans alone, or another request of its route that
the lens measured."""
NS_PER_MS: Final = 1_000_000


class Run(msgspec.Struct, frozen=True, gc=False):
    """One step on the event loop, which nothing interrupts."""

    ns: int
    line: str = ""
    """What ran, `app/views/full.py:13 in slice_brisket`, if it is known."""


class Wait(msgspec.Struct, frozen=True, gc=False):
    """A wait for something outside the loop: a timer, the network, a thread."""

    ns: int


class Compute(msgspec.Struct, frozen=True, gc=False):
    """Computing in a thread, with or without the interpreter lock."""

    ns: int
    """The processor time."""
    recorded_ns: int
    """How long that took, with its waits for the lock."""


class Call(msgspec.Struct, frozen=True):
    """What a span did."""

    name: str
    items: tuple[Item, ...]


class Use(msgspec.Struct, frozen=True):
    """Work that needs one place of a pool: of threads, of connections, of a semaphore."""

    pool: str
    items: tuple[Item, ...]
    is_own: bool = False
    """Whether each request has such a pool of its own; otherwise each worker has."""


class Fork(msgspec.Struct, frozen=True):
    """Branches that run at once, as by `gather`; it ends when all have ended."""

    branches: tuple[tuple[Item, ...], ...]


class Spawn(msgspec.Struct, frozen=True):
    """Work that the request starts and does not wait for."""

    items: tuple[Item, ...]


Item: TypeAlias = Run | Wait | Compute | Call | Use | Fork | Spawn
Items: TypeAlias = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One request: when it arrived, at which worker, and what it did."""

    service: str
    route: str
    arrival_ns: int
    worker: int
    """The number of the process that served it, within its service."""
    items: Items
    recorded_ns: int
    """From its arrival to the end of its server span."""
    known_from: str = LENS
    ready_ns: int = 0
    """How long it was ready to run and had to wait for the loop, as recorded."""
    thread_cpu_ns: int = 0
    """The processor time of its calls in threads, as far as it is recorded."""


def loop_ns(items: Items) -> int:
    """Return how long a program runs on the loop, with all that it starts."""
    total, todo = 0, [items]
    while todo:
        for item in todo.pop():
            if isinstance(item, Run):
                total += item.ns
            elif isinstance(item, Fork):
                todo.extend(item.branches)
            elif not isinstance(item, Wait | Compute):
                todo.append(item.items)
    return total


def alone_ns(items: Items) -> int:
    """Return how long a program takes with nothing beside it, and without limits of pools."""
    total = 0
    for item in items:
        if isinstance(item, Run | Wait | Compute):
            total += item.ns
        elif isinstance(item, Fork):
            total += max(map(alone_ns, item.branches), default=0)
        elif not isinstance(item, Spawn):
            total += alone_ns(item.items)
    return total
