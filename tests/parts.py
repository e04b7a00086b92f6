"""Which tests share a worker of pytest-xdist, and which are begun first: `--dist loadgroup`.

The servers of a room are fixtures of the session, and a session is a worker's: a room that is
spread over all workers starts each of its servers as often, and they idle to the end. So a room
is one part, and the largest are a few. What takes longest is begun first: no worker is left alone
with it at the end.
"""

import pytest

try:
    from xdist.scheduler import LoadScopeScheduling
except ImportError:  # then there are no workers either
    LoadScopeScheduling = object

PARTS = {
    "lessons": (
        "app/test_scenarios",
        "app/test_celery",
        "app/test_admin",
        "app/test_traced",
        "app/test_mcp",
    ),
    "queues": ("instrument/queues/",),
    "instrument": ("instrument/",),
    "mutations": ("app/test_mutations", "app/test_servers"),
    "run": ("run/",),
    "demo": ("app/test_demo",),
    "compose": ("compose/",),
    "testing": ("testing/",),
    "play": ("play/",),
    "lean": ("lean/",),
    "pocket": ("pocket/",),
    "bench": ("bench/",),
    "doctor": ("doctor/",),
}
"""The parts that take longest, in that order, by how their files begin; else a room is a part."""


def part_of(nodeid: str) -> str:
    """The part that a test belongs to."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    for part, beginnings in PARTS.items():
        if path.startswith(beginnings):
            return part
    return path.partition("/")[0]


class ByPart(LoadScopeScheduling):
    """Gives a worker one part after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Ours, where the tests are to be distributed by groups."""
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # by the number of tests, which tells little of time
    return ByPart(config, log)


def pytest_collection_modifyitems(config, items):
    """The order of the parts; within one, tests stay where they are."""
    if hasattr(config, "workerinput"):
        ranks = {part: number for number, part in enumerate(PARTS)}
        items.sort(key=lambda item: ranks.get(part_of(item.nodeid), len(ranks)))
