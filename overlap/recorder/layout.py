"""The file of the flight recorder: a head, names, and a ring of records of one size.

All numbers are little-endian. The file has three parts:

- The head, `HEAD` at offset 0, in `HEAD_SIZE` bytes: `MAGIC`, the version of the format, the number
  of records that fit, the process's id, when the ring was made (`time.time_ns()` and, at the same
  moment, `time.perf_counter()`), the bytes of names, the time of a dump (0 in a ring), and three
  texts in UTF-8: the service, the instance id and the reason of the dump.
- Names, in `NAMES_SIZE` bytes: each a length (`NAME`) and so many bytes of UTF-8. The first has the
  number 1; 0 is no name. What does not fit has the number of `OTHER`.
- Records of `SIZE` bytes. The first byte of each is its kind, 0 in a place that was never used.
  The order of the places says nothing: a record's time does.

Times are seconds of `time.perf_counter()`; durations are seconds as 32-bit floats. Requests have
numbers of their own, from 1; 0 is work for no request. A *subject* tells objects of a kind apart
(a task, a call, a connection); it is no address.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

PART: Final = ".part"
"""The end of the name of a file that is not all written yet."""
MAGIC: Final = b"overlapR"
VERSION: Final = 1
HEAD: Final = Struct("<8sIIIQdIQ64s64s64s")
DUMP: Final = Struct("<Q")
REASON: Final = Struct("64s")
REASON_AT: Final = HEAD.size - REASON.size
DUMP_AT: Final = HEAD.size - 3 * REASON.size - DUMP.size
"""Where the time and the reason of a dump are in the head."""
HEAD_SIZE: Final = 512
NAMES_SIZE: Final = 256 * 1024
NAME: Final = Struct("<H")
LONGEST_NAME: Final = 300
"""The most bytes of a name."""
OTHER: Final = "other"
"""Stands for all names beyond those that fit."""
SIZE: Final = 32
FIRST: Final = HEAD_SIZE + NAMES_SIZE
"""The offset of the first record."""

BEGIN: Final = Struct("<BBHI16sd")
"""A request begins: kind, -, -, request, trace id, time."""
RECORD: Final = Struct("<BBHIIdffI")
"""Any other: kind, detail, number, request, subject, time, waited, took, name."""

REQUEST: Final = 1
"""A request begins (`BEGIN`)."""
END: Final = 2
"""A request ended: time: when it began; took: its duration; number: the status, or 0; name: the
method and route; detail: one of the OUTCOMES."""
STEP: Final = 3
"""A step of a task: time: its begin; waited: how long it was ready before; name: the line where a
long one ended."""
CALL: Final = 4
"""A call in a thread: time: when it was handed over; waited: in the pool's queue; took: running;
name: the function; subject: the thread."""
BLOCK: Final = 5
"""A block of the loop: name: kind and line; number: the victims; detail: 1 while it lasts; request:
the one that blocked, if it was one."""
COLLECTION: Final = 6
"""A full garbage collection."""
OPENED: Final = 7
"""A database connection was opened: took: how long that took; name: the database's alias and the
thread; subject: the connection."""
CLOSED: Final = 8
"""A database connection was closed; subject and name as with OPENED."""
DROPPED: Final = 9
"""A database connection was never closed: the garbage collector found it."""
POOL: Final = 10
"""A wait for a connection of a pool: waited: how long; detail: 1 if it was given up."""
LOST: Final = 11
"""A background task that never ended; name: its name."""
RESTED: Final = 12
"""Steps were not recorded: time: since when; took: how long."""

ANSWERED, FAILED, DISCONNECTED, STOPPED = range(4)
OUTCOMES: Final = ("answered", "failed", "client disconnected", "server stopped")
