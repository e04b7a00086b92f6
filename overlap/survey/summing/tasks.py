"""Background tasks: how they ended, and those that were lost."""

from __future__ import annotations

from collections.abc import Mapping

from overlap import names
from overlap.survey.summing.requests import Requests


def add_tasks(requests: Requests, lost: Mapping[int, str]) -> None:
    """Add the trace's background tasks to the routes of the requests that started them."""
    tree = requests.tree
    if names.TASK_END in tree.words:
        for index, span in enumerate(tree.spans):
            end = span.attributes.get(names.TASK_END)
            if isinstance(end, str):
                ends = requests.above(index).background.setdefault(span.name, {})
                ends[end] = ends.get(end, 0) + 1
    for index, name in lost.items():
        counts = requests.above(index).lost
        counts[name] = counts.get(name, 0) + 1
