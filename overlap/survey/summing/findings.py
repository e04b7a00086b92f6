"""What a survey needs of the verdict on a trace: the shapes of each request, and the advice.

The same functions of the judge find both as in `overlap.judge.verdict`; its sentences and lists,
which take most of its time, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from overlap.judge.advice import advice
from overlap.judge.findings.beyond_response import (
    lost_spans,
    offloaded,
    outliving,
)
from overlap.judge.findings.blocked import victims
from overlap.judge.findings.groups import group_shapes
from overlap.judge.model import BACKGROUND, BLOCKING, LOST, OFFLOADED, SINGLE, Advice
from overlap.judge.trace_context import TraceContext
from overlap.survey.summing.requests import Requests


class Findings(NamedTuple):
    """What was found in one trace."""

    shapes: Mapping[int, set[str]]
    """By request; none is only `single`."""
    advice: list[Advice]
    lost: Mapping[int, str]
    """A span of each lost task, with the task's name."""


def findings(requests: Requests) -> Findings:
    """Return what is found in a trace.

    A shape counts for the request in which it occurs: another service's request has its own.
    """
    tree = requests.tree
    shapes: dict[int, set[str]] = {}

    def add(shape: str, index: int) -> None:
        shapes.setdefault(requests.request_of(index), set()).add(shape)

    for parent, shape in group_shapes(tree):
        if shape != SINGLE:
            add(shape, parent)
    blocks = victims(tree)
    for index in blocks:
        add(BLOCKING, index)
    for index, _ in outliving(tree):
        add(BACKGROUND, index)
    for one in offloaded(tree):
        add(OFFLOADED, requests.indexes[one.span_id])
    lost = lost_spans(tree)
    for index in lost:
        add(LOST, index)
    return Findings(shapes, advice(TraceContext(tree, blocks)), lost)
