"""A discrete-event simulation of event loops, pools and the socket that workers share.

A loop works as asyncio's and uvloop's do. It runs its callbacks first come, first served, in
turns: what becomes ready during a turn runs in the next one, first what the callbacks of this turn
made ready, then what timers and the network did. A new connection is accepted between two turns:
one at a time, as libuv does since 1.45 and so uvloop, or all that wait, as asyncio does. (So it is
also if connections are kept open: then there is nothing to accept.) Workers share one listening
socket, as those of uvicorn and gunicorn do: an idle loop accepts at once, otherwise the first that
comes to the end of its turn.

Events are kept in a heap, by time and then by number, so that equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overlap.whatif.program import Job
from overlap.whatif.simulation.engine import Simulation
from overlap.whatif.simulation.entities import Outcome

__all__ = ["Outcome", "simulate"]


def simulate(  # noqa: PLR0913  what no trace says, by name
    jobs: Sequence[Job],
    workers: int | None = None,
    pools: Mapping[str, int] | None = None,
    *,
    accepts_all: bool = False,
    unseen_ns: int = 0,
    lock_waits: int | None = None,
) -> Outcome:
    """Run the jobs of one service. O(n log n) in the number of their items.

    workers: how many loops share the arrivals; None for those that served them when recorded.
    pools: by name, how many places each pool has; a pool that is not named has no limit.
    accepts_all: whether a loop accepts all connections that wait, rather than one a turn. Workers
        that share a socket accept one in either case.
    lock_waits: where the threads of a worker take turns to compute, with each other and with its
        loop (CPython's interpreter lock): how often the server asks for that lock for each request,
        beside the request's own steps. None where what threads compute takes as long as it did.
    unseen_ns: how long each request has the loop before its span begins: the server's own work.
    """
    return Simulation(
        jobs,
        workers,
        pools or {},
        accepts_all=accepts_all,
        unseen_ns=unseen_ns,
        lock_waits=lock_waits,
    ).run()
