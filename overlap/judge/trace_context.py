"""What every reason is read from: the repaired tree, and what was looked up in it once."""

from __future__ import annotations

from collections.abc import Iterable

from overlap import names
from overlap.judge.findings.beyond_response import nearest_servers
from overlap.judge.findings.blocked import Victims
from overlap.judge.summary import clean
from overlap.judge.tree.span_tree import NS_PER_MS, Tree, number
from overlap.judge.tree.structure import NO_PARENT
from overlap.trace.model import AttributeValue


class TraceContext:
    """Holds the tree, the victims of its blocks, and which server span each span works for."""

    def __init__(self, tree: Tree, victims: Victims) -> None:
        self.tree, self.victims = tree, victims
        self.servers = nearest_servers(tree)
        self._subject: list[int | None] = []

    def _only_request(self) -> int | None:
        """Return the one request that the trace is about, if it is about one."""
        if not self._subject:
            self._subject.append(self._find_only_request())
        return self._subject[0]

    def _find_only_request(self) -> int | None:
        requests = self.tree.requests
        if len(requests) <= 1:
            return next((index for index in requests if not self.is_neighbour(index)), None)
        found = None
        below: set[int] = set()  # a request of somebody's, as what it asks of others is
        for index in self.tree.order:
            if self.tree.parents[index] in below:
                below.add(index)
            elif self.tree.spans[index].kind == "server" and not self.is_neighbour(index):
                if found is not None:
                    return None
                found = index
                below.add(index)
        return found

    def is_neighbour(self, index: int) -> bool:
        """Return whether a request was sent only to see whether it is delayed."""
        if names.NEIGHBOUR not in self.tree.words:
            return False
        parent = self.tree.parents[index]
        return parent != NO_PARENT and bool(self.attribute(parent, names.NEIGHBOUR))

    def attribute(self, index: int, name: str) -> AttributeValue:
        """Return an attribute of a span, or None."""
        return self.tree.spans[index].attributes.get(name)

    def number(self, index: int, name: str) -> float:
        """Return an attribute as a positive number, or 0."""
        return number(self.tree.spans[index], name)

    def duration(self, index: int) -> int:
        """Return a span's duration in ns."""
        return self.tree.ends[index] - self.tree.starts[index]

    def called(self, index: int) -> str:
        """Return a span's name, safe to print."""
        return clean(self.tree.spans[index].name)

    def subject(self, index: int) -> str:
        """Return the subject of a sentence: "the response" for the only request of a trace."""
        if self.tree.spans[index].kind != "server" or self.is_neighbour(index):
            return self.called(index)
        return (
            "the response"
            if index == self._only_request()
            else f"the response of {self.called(index)}"
        )

    def ids(self, indexes: Iterable[int]) -> list[str]:
        """Return their span ids, each once."""
        return list(dict.fromkeys([self.tree.spans[index].span_id for index in indexes]))


def share(part_ns: float, whole_ns: float) -> str:
    """Return `2.00 of 2.03 s` or `12 of 340 ms`: both in the unit of the whole."""
    part, whole = part_ns / NS_PER_MS, whole_ns / NS_PER_MS
    if whole >= 1000:
        return f"{part / 1000:.2f} of {whole / 1000:.2f} s"
    return f"{part:.0f} of {whole:.0f} ms" if whole >= 10 else f"{part:.1f} of {whole:.1f} ms"
