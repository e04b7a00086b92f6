"""A recorded trace, with its verdict and its picture."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

from rich.console import Console

from overlap.draw import clean, duration, picture
from overlap.judge import Advice, Background, Blocked, Group, Offloaded, Verdict, verdict
from overlap.judge.model import CONCURRENT, SERIAL, SINGLE
from overlap.judge.summary import advised, sentence
from overlap.proof import graded_verdict
from overlap.trace import Span, Trace

__tracebackhide__ = True
"""pytest omits this module's frames from tracebacks, and shows the line of the test."""


class Findings(ABC):
    """The properties of a trace that tests assert. Times are in milliseconds."""

    @property
    @abstractmethod
    def trace(self) -> Trace:
        """The trace's spans, as plain data."""

    @property
    @abstractmethod
    def verdict(self) -> Verdict:
        """The verdict on the trace."""

    @property
    def shape(self) -> str:
        """`concurrent` if any work of the trace was; otherwise `serial` if any was, or `single`."""
        found = self.verdict.shapes
        return next((shape for shape in (CONCURRENT, SERIAL) if shape in found), SINGLE)

    @property
    def shapes(self) -> list[str]:
        """All shapes of the trace, in the verdict's order."""
        return self.verdict.shapes

    @property
    def groups(self) -> list[Group]:
        """For each span with children: the children, in stages."""
        return self.verdict.groups

    @property
    def blocked(self) -> list[Blocked]:
        """Each time the event loop was blocked, with the line that blocked it."""
        return self.verdict.blocked

    @property
    def background(self) -> list[Background]:
        """The work that continued after the response."""
        return self.verdict.background

    @property
    def offloaded(self) -> list[Offloaded]:
        """The spans that ran on another thread than their parent."""
        return self.verdict.offloaded

    @property
    def lost(self) -> list[str]:
        """The names of background tasks that never ended."""
        return self.verdict.lost

    @property
    def advice(self) -> list[Advice]:
        """What to change and how much time that saves, the largest saving first."""
        return self.verdict.advice

    @property
    def overlap_factor(self) -> float:
        """The highest overlap factor of a group; 1.0 if nothing overlapped."""
        return max((group.overlap_factor for group in self.groups), default=1.0)

    @property
    def peak(self) -> int:
        """The most spans of one group in progress at the same time; 0 if there is no group."""
        return max((group.peak for group in self.groups), default=0)


class Seen(Findings):
    """One recorded trace, as it was when the recorder returned it."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    @property
    def trace(self) -> Trace:
        return self._trace

    @cached_property
    def verdict(self) -> Verdict:
        # The code under test is below the folder in which pytest was started, as a rule.
        return graded_verdict(verdict(self.trace), self.trace, Path.cwd())

    @cached_property
    def root(self) -> Span:
        """The first span whose parent is not in the trace."""
        recorded = {span.span_id for span in self.trace.spans}
        roots = [span for span in self.trace.spans if span.parent_id not in recorded]
        return min(roots or self.trace.spans, key=lambda span: (span.start_ns, span.span_id))

    @property
    def name(self) -> str:
        """The name of the root span: method and route, such as `GET /checkout/`."""
        return self.root.name

    def is_of(self, name: str) -> bool:
        """Return whether the root span or a server span has this name."""
        return self.name == name or any(
            span.kind == "server" and span.name == name for span in self.trace.spans
        )

    def draw(self, *, width: int = 80, encoding: str = "utf-8") -> str:
        """Return the waterfall and the verdict in words, as plain text of `width` columns."""
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="\n")
        console = Console(file=file, width=width, color_system=None, markup=False, emoji=False)
        console.print(picture(self.trace, self.verdict))
        console.print(sentence(self.verdict), highlight=False)
        for words in advised(self.verdict):
            console.print(f"advice: {words}", highlight=False)
        for item in self.verdict.advice:
            if item.diff:
                console.print(item.diff.rstrip("\n"), highlight=False, soft_wrap=True)
        file.seek(0)
        return file.read().rstrip("\n")

    def __str__(self) -> str:
        return self.draw()

    def __repr__(self) -> str:
        took = max(span.end_ns or 0 for span in self.trace.spans) - self.root.start_ns
        shapes = ", ".join(self.shapes)
        return f"<{clean(self.name)}: {shapes}, {duration(max(0, took) / 1e6)}>"
