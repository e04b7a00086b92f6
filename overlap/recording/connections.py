"""The ledger of database connections: opened, closed, kept and leaked, by thread and by request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from overlap.recording.model import Connection, Recording

NO_REQUEST = "(no request)"
EARLIER = "(before the recording)"
"""Who opened a connection whose opening was overwritten."""


@dataclass(slots=True)
class ConnectionRow:
    """The connections of one database in one thread."""

    alias: str
    opened: int = 0
    closed: int = 0
    kept: int = 0
    """Open, and the request that opened them is over."""
    leaked: int = 0
    """Never closed: the garbage collector found them."""
    connect_ms: float = 0.0


@dataclass(slots=True)
class OpenerRow(ConnectionRow):
    """Those of them that the requests of one route opened."""

    request: str = NO_REQUEST
    """The name of the requests; NO_REQUEST or EARLIER if there is none."""
    trace_id: str = ""
    """Of a request that opened one: one that was leaked, or else kept, if there is any."""


def by_thread(recording: Recording) -> list[ConnectionRow]:
    """Return the connections by database and thread, those with leaks first."""
    rows = _sums(recording, lambda each: each.alias, lambda each: ConnectionRow(each.alias))
    return sorted(rows, key=lambda row: (-row.leaked, -row.opened, row.alias))


def by_opener(recording: Recording) -> list[OpenerRow]:
    """Return them by database, thread and the name of the requests that opened them."""
    requests = {each.number: each for each in recording.requests}
    examples: dict[tuple[str, str], tuple[int, str]] = {}

    def opener(each: Connection) -> str:
        if not each.at_ns:
            return EARLIER
        request = requests.get(each.request)
        return NO_REQUEST if request is None else request.name or "(in progress)"

    rows = _sums(
        recording,
        lambda each: (each.alias, opener(each)),
        lambda each: OpenerRow(each.alias, request=opener(each)),
    )
    for each in recording.connections:
        if (request := requests.get(each.request)) is not None:
            key, rank = (each.alias, opener(each)), 2 * each.is_dropped + (not each.closed_ns)
            examples[key] = max(examples.get(key, (-1, "")), (rank, request.trace_id), key=_rank)
    for row in rows:
        row.trace_id = examples.get((row.alias, row.request), (0, ""))[1]
    return sorted(rows, key=lambda row: (-row.leaked, -row.kept, -row.opened, row.alias))


Row = TypeVar("Row", bound=ConnectionRow)


def _sums(
    recording: Recording, key: Callable[[Connection], Hashable], make: Callable[[Connection], Row]
) -> Iterable[Row]:
    over = {each.number for each in recording.requests if each.took_s is not None}
    rows: dict[Hashable, Row] = {}
    for each in recording.connections:
        if (row := rows.get(found := key(each))) is None:
            row = rows[found] = make(each)
        row.opened += each.at_ns > 0
        row.closed += bool(each.closed_ns) and not each.is_dropped
        row.leaked += each.is_dropped
        row.kept += _is_kept(each, over)
        row.connect_ms = round(row.connect_ms + each.took_s * 1000, 3)
    return rows.values()


def _is_kept(connection: Connection, over: set[int]) -> bool:
    return not connection.closed_ns and (connection.request in over or connection.request == 0)


def _rank(example: tuple[int, str]) -> int:
    return example[0]
