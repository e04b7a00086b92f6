"""What `make whatif` compares: changes, and the scenarios without and with each of them."""

import random
from dataclasses import dataclass

from app.scenarios.full import ALONE, SEED
from app.simulation import CALLS
from overlap.scenario import Expectation, Request, Scenario
from overlap.whatif import Change
from overlap.whatif.changes import FASTER, GATHER, POOL, PROCESSES, WITHOUT_BLOCK, WORKERS

QUERY = "SELECT smokehouse_meat"
THIRD = "0.33333333"
"""The time scale at which a slow query takes half as long."""
MENU = ("/menu/", "/menu/sync/")
PROCESSES_PATH = "/cpu/processes/"
SMOKE = "/smoke_some_meats/"


def _load(  # noqa: PLR0913, PLR0917  what a load is
    name: str,
    paths: tuple[str, ...],
    count: int,
    a_second: float,
    server: str = "",
    warm_up: tuple[str, ...] = (),
) -> Scenario:
    """Return a scenario: so many requests at random moments, the same ones each time."""
    moments = random.Random(SEED)
    at, requests = ALONE, []
    for number in range(count):
        at += moments.expovariate(a_second)
        requests.append(Request(paths[number % len(paths)], at=at))
    return Scenario(
        name, name, "", tuple(requests), Expectation(),
        server=server, within=60.0, warm_up=warm_up,
    )  # fmt: skip


LOADS = {
    each.name: each
    for each in (
        _load("menu_load", MENU, 100, 12.0),
        _load("slice_load", ("/slice/",), 60, 4.5),
        _load("slice_load_workers", ("/slice/",), 60, 4.5, "workers"),
        _load("cpu_load", ("/cpu/threads/",), 20, 0.25),
        _load("cpu_load_workers", ("/cpu/threads/",), 20, 0.25, "workers"),
        _load("cpu_load_processes", (PROCESSES_PATH,), 20, 0.25, "", (PROCESSES_PATH,)),
    )
}
"""Scenarios of this comparison only: `menu`, `full_loop` and `cpu_threads` under a longer load."""


@dataclass(frozen=True)
class Trial:
    """A change, and the scenarios without it and with it."""

    before: str
    after: str
    changes: tuple[Change, ...]
    routes: tuple[tuple[str, str], ...]
    """Pairs of routes: the one in the scenario before, and its counterpart after."""
    option: str
    """As it is given to `overlap whatif`."""
    scale: str = "1"
    """The time scale of what is played after."""


def _off_loop(before: str, after: str, line: str, one: str, other: str) -> Trial:
    routes = ((f"GET {one}", f"GET {other}"), ("GET /", "GET /"))
    option = f'--without-block "{line}"'
    return Trial(before, after, (Change(WITHOUT_BLOCK, line),), routes, option)


def _at_once(before: str, after: str, spans: str, one: str, other: str) -> Trial:
    routes = ((f"GET {one}", f"GET {other}"),)
    return Trial(before, after, (Change(GATHER, spans),), routes, f'--gather "{spans}"')


def _halved(scenario: str) -> Trial:
    """Return a trial of the slow query in half of its time."""
    routes = tuple((f"GET {path}", f"GET {path}") for path in MENU)
    change = Change(FASTER, QUERY, 0.5)
    return Trial(scenario, scenario, (change,), routes, f'--faster "{QUERY}=50%"', THIRD)


def _three_workers(before: str, after: str) -> Trial:
    routes = (("GET /slice/", "GET /slice/"),)
    return Trial(before, after, (Change(WORKERS, "", 3),), routes, "--workers 3")


def _in_processes(before: str, after: str, *routes: tuple[str, str]) -> Trial:
    """Return a trial of a pool of processes, instead of threads that take turns."""
    change, option = Change(PROCESSES, "grind", 2), "--processes grind=2"
    return Trial(
        before, after, (change,), (("GET /cpu/threads/", f"GET {PROCESSES_PATH}"), *routes), option
    )


TRIALS = [
    _at_once("smoke_some_meats_sync", "smoke_some_meats", "get_smokables,get_flavor",
             f"{SMOKE}sync/", SMOKE),
    _off_loop("burn_some_meats", "burn_some_meats_await", "in oversmoke",
              "/burn_some_meats/", "/burn_some_meats/await/"),
    _off_loop("mixed", "mixed_sync", "in baste", "/mixed/", "/mixed/sync/"),
    _off_loop("file", "file_thread", "app/views/files.py", "/file/", "/file/thread/"),
    _off_loop("mail", "mail_thread", "app/views/mail.py", "/mail/", "/mail/thread/"),
    # cpu_processes grinds twice as much, so that only its neighbours can be compared.
    Trial("cpu", "cpu_processes", (Change(WITHOUT_BLOCK, "in grind"),), (("GET /", "GET /"),),
          '--without-block "in grind"'),
    _in_processes("cpu_threads", "cpu_processes", ("GET /", "GET /")),
    _in_processes("cpu_load", "cpu_load_processes"),
    Trial("cpu_load", "cpu_load_workers", (Change(WORKERS, "", 3),),
          (("GET /cpu/threads/", "GET /cpu/threads/"),), "--workers 3"),
    _at_once("thread_sensitive", "thread_insensitive", "chop",
             "/threads/sensitive/", "/threads/insensitive/"),
    _at_once("orm_gather", "orm_at_once", QUERY, "/queries/", "/queries/at_once/"),
    Trial("calls_five_at_a_time", "calls", (Change(POOL, "call", CALLS),),
          (("GET /calls/five_at_a_time/", "GET /calls/"),), f"--pool call={CALLS}"),
    _halved("menu"),
    _halved("menu_load"),
    _three_workers("full_loop", "full_loop_workers"),
    _three_workers("slice_load", "slice_load_workers"),
]  # fmt: skip
