"""The requests of a trace: for each, its duration and the time of its critical path."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from overlap import names
from overlap.judge.findings.beyond_response import nearest_servers
from overlap.judge.model import SINGLE
from overlap.judge.path.request_path import request_path
from overlap.judge.tree.span_tree import NO_PARENT, Tree
from overlap.survey.summing.time import time_by_category
from overlap.survey.totals.durations import Durations
from overlap.survey.totals.model import SEPARATOR, Route, Totals
from overlap.trace import Span

SERVER_ERROR = 500
_SINGLE = (SINGLE,)
_STATUS = (names.HTTP_STATUS, "http.status_code")


class Requests:
    """Finds the route of each span of a trace, and adds the trace's requests to their routes."""

    def __init__(self, tree: Tree, main: int | None, totals: Totals) -> None:
        self.tree, self.totals = tree, totals
        self._main = main
        self._servers = nearest_servers(tree)
        self._indexes: dict[str, int] | None = None

    @property
    def indexes(self) -> dict[str, int]:
        """Return the span of each id."""
        if self._indexes is None:
            self._indexes = {span.span_id: index for index, span in enumerate(self.tree.spans)}
        return self._indexes

    def of_main(self) -> Route | None:
        """Return the route of the request that the trace is about."""
        return None if self._main is None else self._route(self.tree.spans[self._main])

    def name_above(self, index: int) -> str:
        """Return the name of that route; empty for a block that is in no request."""
        request = self.request_of(index)
        return "" if request == index else self.tree.spans[request].name

    def above(self, index: int) -> Route:
        """Return the route of the request that a span works for; else of the root above it."""
        return self._route(self.tree.spans[self.request_of(index)])

    def request_of(self, index: int) -> int:
        """Return the request that a span works for; else the root above it."""
        tree = self.tree
        if tree.spans[index].kind == "server":
            return index
        if (server := self._servers.get(index)) is not None:
            return server
        while tree.parents[index] != NO_PARENT:
            index = tree.parents[index]
            if tree.spans[index].kind == "server":
                break
        return index

    def add_all(self, shapes: Mapping[int, Collection[str]]) -> None:
        """Add all requests that have ended, with their shapes.

        A main request of another kind is a scenario, a task or a script: it has a row too.
        """
        tree = self.tree
        for index, span in enumerate(tree.spans):
            if tree.ended[index] and (span.kind == "server" or index == self._main):
                route = self._route(span)
                route.durations.add(tree.ends[index] - tree.starts[index], tree.trace_id)
                route.errors += _is_error(span)
                for shape in shapes.get(index, _SINGLE):
                    route.shapes[shape] = route.shapes.get(shape, 0) + 1
                self._add_path(index, route)

    def _add_path(self, request: int, route: Route) -> None:
        tree = self.tree
        path = request_path(tree, request)
        for category, ns in time_by_category(tree, request, path.segments, path.own).items():
            if ns:
                route.time[category] = route.time.get(category, 0) + ns
        rows: dict[str, int] = {}
        names_of = self._paths(path.lengths, request)
        for index, ns in path.own.items():
            row = names_of[index]
            rows[row] = rows.get(row, 0) + ns
        for row, ns in rows.items():
            if (durations := route.self_time.get(row)) is None:
                durations = route.self_time[row] = Durations()
            durations.add(ns, tree.trace_id)

    def _paths(self, spans: Iterable[int], request: int) -> dict[int, str]:
        """Return the names from the request down to each span; calls in a row of one name once.

        A span that is not below the request stands below it all the same.
        """
        tree = self.tree
        found = {request: tree.spans[request].name}
        for index in spans:
            # A path leads where a task was awaited, which may be below no span of the request.
            chain, at = [], index
            while at not in found and at != NO_PARENT:
                chain.append(at)
                at = tree.parents[at]
            above = found.get(at, found[request])
            for each in reversed(chain):
                above = found[each] = _below(above, tree.spans[each].name)
        return found

    def _route(self, span: Span) -> Route:
        key = f"{span.service}{SEPARATOR}{span.name}"
        if (found := self.totals.routes.get(key)) is None:
            found = self.totals.routes[key] = Route(span.service, span.name)
        return found


@lru_cache(65_536)  # a service has few paths, and each of its traces has the same
def _below(path: str, name: str) -> str:
    """Return the path of names to a span below another; calls in a row of one name are one."""
    if path == name or path.endswith(SEPARATOR + name):
        return path
    return f"{path}{SEPARATOR}{name}"


def _is_error(span: Span) -> bool:
    codes = [code for key in _STATUS if isinstance(code := span.attributes.get(key), int)]
    return span.status == "error" or any(code >= SERVER_ERROR for code in codes)
