"""One recorded trace, and what it shows."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from functools import cached_property

from rich.console import Console

from overlap.draw import clean, duration, picture
from overlap.judge import Advice, Background, Blocked, Group, Offloaded, Verdict, verdict
from overlap.judge.model import CONCURRENT, SERIAL, SINGLE
from overlap.judge.summary import advised, sentence
from overlap.trace import Span, Trace

__tracebackhide__ = True
"""pytest shows the line of the test, not those in here."""


class Findings(ABC):
    """What can be asked of a trace. Times in ms."""

    @property
    @abstractmethod
    def trace(self) -> Trace:
        """Its spans, as plain data."""

    @property
    @abstractmethod
    def verdict(self) -> Verdict:
        """What it shows."""

    @property
    def shape(self) -> str:
        """How its work stood to itself: `concurrent`, else `serial`, else `single`."""
        found = self.verdict.shapes
        return next((shape for shape in (CONCURRENT, SERIAL) if shape in found), SINGLE)

    @property
    def shapes(self) -> list[str]:
        """Every shape of it, in the verdict's order."""
        return self.verdict.shapes

    @property
    def groups(self) -> list[Group]:
        """The children of each span, in stages."""
        return self.verdict.groups

    @property
    def blocked(self) -> list[Blocked]:
        """Each time the event loop stood still in it, and at which line."""
        return self.verdict.blocked

    @property
    def background(self) -> list[Background]:
        """What went on after its response."""
        return self.verdict.background

    @property
    def offloaded(self) -> list[Offloaded]:
        """What ran on another thread than its parent."""
        return self.verdict.offloaded

    @property
    def lost(self) -> list[str]:
        """Background tasks that never ended."""
        return self.verdict.lost

    @property
    def advice(self) -> list[Advice]:
        """What to change and what it would gain, the change that saves most first."""
        return self.verdict.advice

    @property
    def overlap_factor(self) -> float:
        """The highest of its groups; 1.0 where nothing ran at once."""
        return max((group.overlap_factor for group in self.groups), default=1.0)

    @property
    def peak(self) -> int:
        """The most spans of one group under way at one instant; 0 where there is none."""
        return max((group.peak for group in self.groups), default=0)


class Seen(Findings):
    """One trace as it stood when it was asked for."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    @property
    def trace(self) -> Trace:
        return self._trace

    @cached_property
    def verdict(self) -> Verdict:
        return verdict(self.trace)

    @cached_property
    def root(self) -> Span:
        """Its first span without a parent in it."""
        kept = {span.span_id for span in self.trace.spans}
        roots = [span for span in self.trace.spans if span.parent_id not in kept]
        return min(roots or self.trace.spans, key=lambda span: (span.start_ns, span.span_id))

    @property
    def name(self) -> str:
        """Its root's name: `GET /checkout/`, by the route."""
        return self.root.name

    def is_of(self, name: str) -> bool:
        """Whether its root, or a request served in it, is called so."""
        return self.name == name or any(
            span.kind == "server" and span.name == name for span in self.trace.spans
        )

    def draw(self, *, width: int = 80, encoding: str = "utf-8") -> str:
        """Its waterfall and its verdict's sentence as plain text, `width` columns wide."""
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="\n")
        console = Console(file=file, width=width, color_system=None, markup=False, emoji=False)
        console.print(picture(self.trace, self.verdict))
        console.print(sentence(self.verdict), highlight=False)
        for words in advised(self.verdict):
            console.print(f"advice: {words}", highlight=False)
        file.seek(0)
        return file.read().rstrip("\n")

    def __str__(self) -> str:
        return self.draw()

    def __repr__(self) -> str:
        took = max(span.end_ns or 0 for span in self.trace.spans) - self.root.start_ns
        shapes = ", ".join(self.shapes)
        return f"<{clean(self.name)}: {shapes}, {duration(max(0, took) / 1e6)}>"
