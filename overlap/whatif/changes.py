"""The changes that can be tried: each is a function from a program to a program."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from overlap.errors import OverlapError
from overlap.whatif.program import Call, Compute, Fork, Item, Items, Run, Spawn, Use, Wait

FASTER: Final = "faster"
WITHOUT_BLOCK: Final = "without_block"
GATHER: Final = "gather"
WORKERS: Final = "workers"
POOL: Final = "pool"
PROCESSES: Final = "processes"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as the command line names it."""

    kind: str
    target: str
    """A span, a line, span names with commas between them, or a pool; empty for workers."""
    amount: float = 0.0
    """The part of its time that a span loses, 0 to 1; or the number of workers or places."""

    @property
    def words(self) -> str:
        """The change in words."""
        target = self.target
        if self.kind == FASTER:
            return f"{target} takes {self.amount:.0%} less time"
        if self.kind == WITHOUT_BLOCK:
            return f"{target} does not run on the event loop"
        if self.kind == GATHER:
            return f"{' and '.join(names_in(target))} run at once"
        if self.kind == WORKERS:
            return f"{self.amount:.0f} worker{'s' if self.amount > 1 else ''}"
        if self.kind == PROCESSES:
            return f"{target} computes in {self.amount:.0f} processes for each worker"
        return f"{self.amount:.0f} places in the pool {target}".rstrip()


def names_in(target: str) -> list[str]:
    """Return the span names of a gather."""
    return [name.strip() for name in target.split(",") if name.strip()]


def parse_faster(text: str) -> Change:
    """Return the change of `SPAN=30%`. Raise OverlapError if it is none."""
    found = re.fullmatch(r"(.+)=(\d{1,3}(?:\.\d+)?)%", text, re.DOTALL)
    if not found or not 0 < float(found[2]) <= 100:
        raise OverlapError(f"--faster {text!a} is no span and percentage, such as get_flavor=50%")
    return Change(FASTER, found[1], float(found[2]) / 100)


def parse_gather(text: str) -> Change:
    """Return the change of `A,B`. Raise OverlapError if it names no span."""
    if not names_in(text):
        raise OverlapError(f"--gather {text!a} names no spans, such as get_smokables,get_flavor")
    return Change(GATHER, ",".join(names_in(text)))


def parse_pool(text: str) -> Change:
    """Return the change of `N` or `NAME=N`. Raise OverlapError if it is none."""
    found = re.fullmatch(r"(?:(.+)=)?(\d{1,6})", text, re.DOTALL)
    if not found or not int(found[2]):
        raise OverlapError(f"--pool {text!a} is no number of places, such as 10 or threads=10")
    return Change(POOL, found[1] or "", float(found[2]))


def parse_processes(text: str) -> Change:
    """Return the change of `SPAN=N`. Raise OverlapError if it is none."""
    found = re.fullmatch(r"(.+)=(\d{1,3})", text, re.DOTALL)
    if not found or not int(found[2]):
        raise OverlapError(f"--processes {text!a} is no span and number, such as resize=4")
    return Change(PROCESSES, found[1], float(found[2]))


class Applied:
    """Programs with a change made, and how often that was possible."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.count = 0
        self._make: Callable[[Items], Items] = {
            FASTER: self._faster,
            WITHOUT_BLOCK: self._without_block,
            GATHER: self._gather,
            PROCESSES: self._processes,
        }[change.kind]
        self._names = names_in(change.target)

    def __call__(self, items: Items) -> Items:
        """Return a program with the change."""
        return self._make(items)

    def _faster(self, items: Items) -> Items:
        return _mapped(items, self._faster_call)

    def _faster_call(self, item: Item) -> Item | None:
        if not isinstance(item, Call) or not matches(item.name, self.change.target):
            return None
        self.count += 1
        return Call(item.name, _scaled(item.items, 1 - self.change.amount))

    def _processes(self, items: Items) -> Items:
        return _mapped(items, self._in_a_process)

    def _in_a_process(self, item: Item) -> Item | None:
        if not isinstance(item, Call) or not matches(item.name, self.change.target):
            return None
        moved = _mapped(item.items, _alone)
        if moved == item.items:
            return None  # it does not compute in a thread
        self.count += 1
        return Use(PROCESSES, (Call(item.name, moved),))

    def _without_block(self, items: Items) -> Items:
        return _mapped(items, self._moved)

    def _moved(self, item: Item) -> Item | None:
        if not isinstance(item, Run) or self.change.target not in item.line or not item.line:
            return None
        self.count += 1
        return Wait(item.ns)

    def _gather(self, items: Items) -> Items:
        items = _mapped(items, lambda _: None, self._gather)
        found: list[Item] = []
        row: list[Item] = []
        """The program from the first such call on, up to the last."""
        after: list[Item] = []
        """What the parent itself did since."""
        for item in items:
            if isinstance(item, Call) and self._is_named(item):
                row += [*after, item]
                after = []
            elif row and isinstance(item, Run | Wait):
                after.append(item)
            else:
                found += [*self._at_once(row), *after, item]
                row, after = [], []
        return (*found, *self._at_once(row), *after)

    def _is_named(self, call: Call) -> bool:
        return any(matches(call.name, name) for name in self._names)

    def _at_once(self, row: list[Item]) -> Sequence[Item]:
        """Return calls in a row as branches, behind what their parent did between them."""
        calls = [item for item in row if isinstance(item, Call)]
        if len(calls) < 2:
            return row
        self.count += 1
        between = [item for item in row if not isinstance(item, Call)]
        return [*between, Fork(tuple((call,) for call in calls))]


def matches(name: str, pattern: str) -> bool:
    """Return whether a span's name is this one, or fits the pattern."""
    return name == pattern or fnmatchcase(name, pattern)


def _mapped(
    items: Items,
    change: Callable[[Item], Item | None],
    inner: Callable[[Items], Items] | None = None,
) -> Items:
    """Return a program with the items that `change` returns instead, at any depth."""
    go = inner or (lambda below: _mapped(below, change))
    found: list[Item] = []
    for item in items:
        changed = change(item)
        if changed is not None:
            found.append(changed)
        elif isinstance(item, Call):
            found.append(Call(item.name, go(item.items)))
        elif isinstance(item, Use):
            found.append(Use(item.pool, go(item.items), item.is_own))
        elif isinstance(item, Fork):
            found.append(Fork(tuple(map(go, item.branches))))
        elif isinstance(item, Spawn):
            found.append(Spawn(go(item.items)))
        else:
            found.append(item)
    return tuple(found)


def _alone(item: Item) -> Item | None:
    """Return what a thread computed as it takes on a processor of its own."""
    return Wait(item.ns) if isinstance(item, Compute) else None


def _scaled(items: Items, factor: float) -> Items:
    def scale(item: Item) -> Item | None:
        if isinstance(item, Run):
            return Run(round(item.ns * factor), item.line)
        if isinstance(item, Compute):
            return Compute(round(item.ns * factor), round(item.recorded_ns * factor))
        return Wait(round(item.ns * factor)) if isinstance(item, Wait) else None

    return _mapped(items, scale)
