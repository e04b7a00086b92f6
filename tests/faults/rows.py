"""The table of faults: what is broken, what a request saw, what was lost, what was said.

`test_*.py` beside it make each fault and assert its row; docs/explanation/faults.md is made from
it by `python -m tests.faults`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One fault. `said` must be in the log (or in the answer); empty: nothing may be said."""

    name: str
    fault: str
    request: str
    lost: str
    said: str
    test: str


_ANSWERED = "answered as ever"
_DELIVERY = "test_backends.py::test_a_backend_in_trouble"
_EVERY = "what was exported meanwhile; counted"


def _backend(name: str, fault: str, said: str, lost: str = _EVERY) -> Row:
    return Row(name, fault, _ANSWERED, lost, said, _DELIVERY)


BACKENDS = (
    _backend(
        "refuses", "nothing listens at the endpoint", "nothing listens there (connection refused)"
    ),
    _backend("hangs", "the backend accepts the connection and never answers", "no answer in time"),
    _backend("resets", "it resets the connection", "Connection"),
    _backend("drips", "it answers one byte every 0.1 s", "no answer in time"),
    _backend("500", "it answers 500", "it answers 500 Internal Server Error"),
    _backend("429", "it answers 429 with Retry-After", "it answers 429 Too Many Requests"),
    _backend("redirects", "it redirects", "it redirects to 'http://"),
    _backend("garbage", "it answers what is no HTTP", "BadStatusLine"),
    _backend(
        "rejects",
        "it accepts a batch but for one span",
        "it rejects some: too old",
        "one span a batch; counted",
    ),
    _backend("large", "it answers 200 with a body of 20 MB", "", "nothing; the body is not read"),
    _backend(
        "name", "the endpoint's host name can't be resolved", "its host name can't be resolved"
    ),
    _backend("url", "the endpoint is no URL", "it is no URL"),
    _backend("scheme", "the endpoint is no URL of HTTP", "it is no URL of HTTP"),
)
_JOURNAL = "test_journals.py::"
JOURNALS = (
    Row("full", "the disk under the journal is full", _ANSWERED, "the notes: after a crash nothing is reported",
        "the journal of background tasks can't be written", _JOURNAL + "test_a_full_disk"),
    Row("limit", "files may not grow (RLIMIT_FSIZE)", _ANSWERED, "the notes",
        "the journal of background tasks can't be written", _JOURNAL + "test_a_limit_of_file_sizes"),
    Row("read-only", "the journal's folder can't be written", _ANSWERED, "the notes",
        "the journal of background tasks can't be written", _JOURNAL + "test_a_read_only_folder"),
    Row("cut", "a journal is cut off in the middle of a note", "-", "the notes behind the cut",
        "background task lost", _JOURNAL + "test_a_journal_that_is_cut"),
    Row("version", "a journal of another version", "-", "its notes", "is no journal of this version",
        _JOURNAL + "test_a_journal_of_another_version"),
    Row("pid", "another process has the pid of the one that died", "-", "nothing",
        "background task lost", _JOURNAL + "test_a_pid_that_is_used_again"),
    Row("workers", "three workers with background tasks are killed with kill -9 and started again",
        "answered as ever, after the restart", "nothing: each task is reported once",
        "background task lost", _JOURNAL + "test_three_workers_are_killed"),
    Row("twenty", "kill -9 twenty times in a row", "-", "nothing, where each lives until its first export (0.2 s)",
        "background task lost", _JOURNAL + "test_twenty_kills_in_a_row"),
)  # fmt: skip
_RECORDER = "test_recorder.py::"
RECORDER = (
    Row("ring-full", "the disk is full when a process starts", _ANSWERED, "the recording of that process",
        "no flight recorder in", _RECORDER + "test_no_ring_can_be_made"),
    Row("ring-limit", "files may not grow (RLIMIT_FSIZE)", _ANSWERED, "the recording of that process",
        "no flight recorder in", _RECORDER + "test_no_ring_can_be_made"),
    Row("ring-read-only", "the folder can't be written", _ANSWERED, "the recording of that process",
        "no flight recorder in", _RECORDER + "test_no_ring_can_be_made"),
    Row("dump-full", "the disk is full when a dump is written", _ANSWERED, "that dump; the ring goes on",
        "the flight recorder can't write a dump", _RECORDER + "test_the_disk_is_full_when_a_dump_is_written"),
    Row("ring-killed", "kill -9 under load", "cut off", "at most the record that each thread was writing",
        "the process was killed: its last seconds are in", _RECORDER + "test_a_process_is_killed_while_it_writes"),
    Row("dump-killed", "kill -9 while a dump is written", "cut off", "that dump; the ring becomes one",
        "the process was killed: its last seconds are in", _RECORDER + "test_a_process_is_killed_while_a_dump_is_written"),
)  # fmt: skip
_PROCESS = "test_processes.py::"
PROCESSES = (
    Row("term", "SIGTERM once more during the drain", "the running one is answered",
        "the background task: its end is recorded", "waiting for background tasks", _PROCESS + "test_sigterm_during_the_drain"),
    Row("int", "SIGINT twice", "cut off by uvicorn", "the background task: it is not waited for, and its end is recorded",
        "waiting for background tasks", _PROCESS + "test_sigint_twice"),
    Row("fork", "a fork after instrument()", "-", "nothing: spans of both arrive once", "", _PROCESS + "test_a_fork_after_instrument"),
    Row("clock +1 h", "the clock jumps an hour ahead during a request", _ANSWERED, "nothing; the span is an hour too long",
        "", _PROCESS + "test_the_clock_jumps"),
    Row("clock -1 h", "the clock jumps an hour back during a request", _ANSWERED, "nothing; the span ends before it starts, and readers give it no length",
        "", _PROCESS + "test_the_clock_jumps"),
    Row("memory", "pocket may use no more memory (RLIMIT_AS)", "500 in one line, or a closed connection; pocket serves on",
        "the export that did not fit", "a request failed: MemoryError", _PROCESS + "test_pocket_without_memory"),
)  # fmt: skip
ROWS = (*BACKENDS, *JOURNALS, *RECORDER, *PROCESSES)


def row(name: str) -> Row:
    """Return the row of this name."""
    (found,) = (each for each in ROWS if each.name == name)
    return found
