"""The rows of a large trace: an overview of what matters, one span opened, or search results.

The overview is chosen best first: the root's children, then the longest spans, each after its
parent. Spans with an error, lost tasks, and culprits come early. What is narrower than a column
of the picture is folded. A fold is one row that says how many spans it stands for; `opened` shows
them, to the scale of their parent. Nothing here recurses: a trace may be ten thousand levels deep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from overlap.judge import Verdict
from overlap.judge.tree.repair import repair
from overlap.judge.tree.span_tree import Tree
from overlap.trace import Trace
from overlap.waterfall.lanes import lanes
from overlap.waterfall.layout import depth_first
from overlap.waterfall.model import Fold, Waterfall
from overlap.waterfall.search import contains
from overlap.waterfall.span_facts import Facts

COLUMNS = 300
"""Columns of a picture: a span that is narrower than one is folded."""
FEW = 2
"""So many narrow siblings are drawn all the same: their fold would be a row too."""
OF_A_NAME = 12
"""So many narrow children of a root are drawn for each name."""
PARENTS = 12
"""The most spans above an opened span, or above a search result, that are drawn."""
IMPORTANT = 50
"""The most errors, lost tasks and culprits that are drawn whatever their duration."""
FIRST = -1
"""The place of a fold that is drawn before its siblings."""
TOP = -1
"""Stands for the parent of the spans that have none."""


class Outline:
    """All rows of a trace, depth first, and the views of them. Build it once for a trace."""

    def __init__(self, trace: Trace, verdict: Verdict, tree: Tree | None = None) -> None:
        """Lay out the rows. `tree` is the repaired tree that was judged, if the caller has it."""
        self._tree: Tree = tree or repair(trace.spans, trace.trace_id)
        self._facts = Facts(self._tree, verdict) if trace.spans else None
        self._depth: dict[int, int] = {}
        self._parent: dict[int, int] = {}
        self._children: dict[int, list[int]] = {TOP: []}
        self._below: dict[int, int] = {}
        self._index = {span.span_id: index for index, span in enumerate(self._tree.spans)}
        self._lanes = lanes(self._tree) if trace.spans else []
        if self._facts is not None:
            self._order(self._facts)

    def __len__(self) -> int:
        return len(self._depth)

    def overview(self, limit: int, columns: int = COLUMNS) -> Waterfall:
        """Return the whole trace in at most `limit` spans and the folds of the others."""
        if self._facts is None:
            return Waterfall(total_ms=0.0)
        if len(self) <= limit:
            chosen: Collection[int] = self._depth
        else:
            column = (self._facts.last_ns - self._facts.first_ns) / columns
            chosen = self._best(self._children[TOP], limit, column, self._important())
        folds = self._folds((*chosen, TOP), chosen) if len(chosen) < len(self) else []
        return self._waterfall(self._facts, chosen, folds, TOP)

    def opened(self, span_id: str, limit: int, first: int = 0) -> Waterfall | None:
        """Return one span with its children from number `first` on; None for an unknown id.

        An empty id opens the spans that have no parent.
        """
        parent = self._index.get(span_id) if span_id else TOP
        if self._facts is None or parent is None or parent not in self._children:
            return None
        children = self._children[parent]
        first = min(max(first, 0), max(0, len(children) - 1))
        part = children[first : first + limit]
        facts = self._facts if parent == TOP else self._facts.within(parent)
        column = (facts.last_ns - facts.first_ns) / COLUMNS
        chosen = set(self._best(part, max(limit, len(part)), column, part))
        above = [] if parent == TOP else [*self._above(parent), parent]
        folds = self._folds(chosen, chosen)
        if first:
            before = self._fold(parent, children[:first], max(0, first - limit))
            folds.append(replace(before, after=FIRST))
        if first + limit < len(children):
            folds.append(self._fold(parent, children[first + limit :], first + limit))
        return self._waterfall(facts, {*chosen, *above}, folds, parent)

    def found(self, text: str, limit: int) -> tuple[Waterfall, list[str]]:
        """Return the first spans that contain the text, in `limit` rows, and the ids of all."""
        if self._facts is None:
            return Waterfall(total_ms=0.0), []
        text = text.casefold()
        hits = [index for index in self._depth if contains(self._tree.spans[index], text)]
        chosen: set[int] = set()
        for index in hits:
            more = {*self._above(index), index} - chosen
            if len(chosen) + len(more) > limit:
                break
            chosen |= more
        shown = self._waterfall(self._facts, chosen, [], TOP)
        return shown, [self._tree.spans[index].span_id for index in hits]

    def _order(self, facts: Facts) -> None:
        """Note each row's parent row and children; what a row hides is no row."""
        chain: list[int] = []
        for index, depth in depth_first(self._tree):
            del chain[depth:]
            hidden = facts.hidden(index)
            parent = next((one for one in reversed(chain) if one in self._depth), TOP)
            chain.append(parent if hidden else index)
            if hidden:
                continue
            self._depth[index], self._parent[index] = depth, parent
            self._children.setdefault(parent, []).append(index)
        self._below = dict.fromkeys(self._depth, 1)
        for index in reversed(self._depth):
            if (parent := self._parent[index]) != TOP:
                self._below[parent] += self._below[index]

    def _best(
        self, start: Iterable[int], limit: int, column: float, important: Collection[int]
    ) -> set[int]:
        """Return up to `limit` spans from `start` downwards: the important, then the longest."""
        tree, important = self._tree, set(important)

        def rank(index: int) -> tuple[bool, bool, int, int]:
            length = tree.ends[index] - tree.starts[index]
            near_root = self._depth[index] <= 1
            return index not in important, not near_root, -length, index

        waiting = [rank(index) for index in start]
        heapify(waiting)
        chosen: set[int] = set()
        while waiting and len(chosen) < limit:
            index = heappop(waiting)[-1]
            chosen.add(index)
            for child in self._worth_a_row(index, column, important):
                heappush(waiting, rank(child))
        return chosen

    def _worth_a_row(self, index: int, column: float, important: set[int]) -> Iterable[int]:
        """Return the children that are wide, important or few; of a root, some of each name."""
        tree, children = self._tree, self._children.get(index, [])
        narrow = [one for one in children if tree.ends[one] - tree.starts[one] < column]
        if len(narrow) <= FEW:
            return children
        folded = set(narrow) - important
        if self._depth[index] == 0:
            counts: Counter[str] = Counter()
            for one in narrow:
                counts[tree.spans[one].name] += 1
                if counts[tree.spans[one].name] <= OF_A_NAME:
                    folded.discard(one)
        return [one for one in children if one not in folded]

    def _important(self) -> set[int]:
        """Return the spans that are drawn first, with those above them."""
        assert self._facts is not None  # noqa: S101  asked only of a trace with spans
        found = [index for index in self._depth if self._facts.is_trouble(index)]
        chosen = set(found[:IMPORTANT])
        for index in found[:IMPORTANT]:
            above = self._above(index, PARENTS + 1)
            chosen.update(above if len(above) <= PARENTS else ())
        return chosen

    def _above(self, index: int, most: int = PARENTS) -> list[int]:
        found: list[int] = []
        while (index := self._parent[index]) != TOP and len(found) < most:
            found.append(index)
        return found[::-1]

    def _folds(self, parents: Collection[int], chosen: Collection[int]) -> list[Fold]:
        """Return a fold for each of these rows that has children which are not drawn."""
        folds = []
        for parent in parents:
            hidden = [one for one in self._children.get(parent, ()) if one not in chosen]
            if hidden:
                folds.append(self._fold(parent, hidden, 0))
        return folds

    def _fold(self, parent: int, hidden: Sequence[int], first: int) -> Fold:
        tree = self._tree
        names = Counter(tree.spans[index].name for index in hidden)
        return Fold(
            parent_id="" if parent == TOP else tree.spans[parent].span_id,
            depth=0 if parent == TOP else self._depth[parent] + 1,
            start_ns=min(tree.starts[index] for index in hidden),
            end_ns=max(tree.ends[index] for index in hidden),
            siblings=len(hidden),
            spans=sum(self._below[index] for index in hidden),
            names=names.most_common(3),
            first=first,
        )

    def _waterfall(
        self, facts: Facts, chosen: Collection[int], folds: Iterable[Fold], parent: int
    ) -> Waterfall:
        rows = [index for index in self._depth if index in chosen]
        place = {self._tree.spans[index].span_id: at for at, index in enumerate(rows)}
        least = min((self._depth[index] for index in rows), default=0) if parent != TOP else 0
        return Waterfall(
            total_ms=facts.ms(facts.last_ns),
            bars=[facts.bar(index, self._depth[index] - least) for index in rows],
            blocked=[facts.shade(index) for index in facts.blocks if facts.is_within(index)],
            lanes=self._lanes if parent == TOP else [],
            omitted=len(self) - len(rows),
            folds=sorted(
                (self._placed(fold, facts, rows, place, least) for fold in folds),
                key=lambda fold: (fold.after, -fold.depth, fold.first),
            ),
        )

    def _placed(
        self, fold: Fold, facts: Facts, rows: Sequence[int], place: dict[str, int], least: int
    ) -> Fold:
        """Put a fold after the last row below its parent, or directly below its parent."""
        at = place.get(fold.parent_id, -1)
        depth = -1 if at < 0 else self._depth[rows[at]]
        after = at + 1
        while fold.after != FIRST and after < len(rows) and self._depth[rows[after]] > depth:
            after += 1
        return fold.at(after, fold.depth - least, facts.ms(fold.start_ns), facts.ms(fold.end_ns))
