"""The requests of a trace: for each, its duration and the time of its critical path."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from overlap import names
from overlap.judge.findings.beyond_response import nearest_servers
from overlap.judge.model import SINGLE
from overlap.judge.path.own_times import own_times
from overlap.judge.tree.span_tree import Tree
from overlap.judge.tree.structure import NO_PARENT
from overlap.survey.summing.path_rows import path_rows
from overlap.survey.summing.time import is_measured, time_by_category
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

    def of_request(self, index: int) -> Route | None:
        """Return the route of the request that a span works for, if that has a row: see `add_all`.

        None for load, such as the clients of a scenario.
        """
        request = self.request_of(index)
        if not self.tree.ended[request]:
            return None
        span = self.tree.spans[request]
        return self._route(span) if span.kind == "server" or request == self._main else None

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
        tree, main = self.tree, self._main
        for index in tree.requests:
            self._add(index, shapes)
        if main is not None and tree.spans[main].kind != "server":
            self._add(main, shapes)

    def _add(self, request: int, shapes: Mapping[int, Collection[str]]) -> None:
        tree = self.tree
        if not tree.ended[request]:
            return
        span = tree.spans[request]
        route = self._route(span)
        route.durations.add(tree.ends[request] - tree.starts[request], tree.trace_id)
        route.errors += _is_error(span)
        for shape in shapes.get(request, _SINGLE):
            route.shapes[shape] = route.shapes.get(shape, 0) + 1
        own = own_times(tree, request)
        number_of, row_of, _ = path_rows(tree, request, own)
        sums = [0] * len(row_of)
        for index, ns in own.items():
            sums[number_of[index]] += ns
        rows: dict[str, int] = {}
        times: dict[str, int] = {}
        for (row, category), ns in zip(row_of, sums, strict=True):
            if ns:
                rows[row] = rows.get(row, 0) + ns
                times[category] = times.get(category, 0) + ns
        if is_measured(tree):
            times = time_by_category(tree, request, own)
        for category, ns in times.items():
            if ns:
                route.time[category] = route.time.get(category, 0) + ns
        for row, ns in rows.items():
            if (durations := route.self_time.get(row)) is None:
                durations = route.self_time[row] = Durations()
            durations.add(ns, tree.trace_id)

    def _route(self, span: Span) -> Route:
        key = f"{span.service}{SEPARATOR}{span.name}"
        if (found := self.totals.routes.get(key)) is None:
            found = self.totals.routes[key] = Route(span.service, span.name)
        return found


def _is_error(span: Span) -> bool:
    if not span.attributes:
        return span.status == "error"
    codes = [code for key in _STATUS if isinstance(code := span.attributes.get(key), int)]
    return span.status == "error" or any(code >= SERVER_ERROR for code in codes)
