"""The loop itself: who kept it rather than waited, and who could have run and was not let."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.why.context import NS_PER_MS, Scene, share

LEAST_MS = 20.0
LARGE_SHARE = 0.2
MOST_OF_IT = 0.8


def reasons(scene: Scene) -> Iterator[Why]:
    """Of requests only; the worst first."""
    requests = [i for i, span in enumerate(scene.tree.spans) if span.kind == "server"]
    found = [*_ready(scene, requests), *_running(scene, requests)]
    found.sort(key=lambda each: (-each[0], each[1].span_ids))
    return (why for _, why in found)


def _ready(scene: Scene, requests: list[int]) -> Iterator[tuple[float, Why]]:
    for index in requests:
        ready, whole = scene.number(index, names.LOOP_READY_MS), scene.duration(index)
        if ready >= LEAST_MS and ready * NS_PER_MS >= LARGE_SHARE * whole:
            text = (
                f"{scene.subject(index)} could have gone on for {share(ready * NS_PER_MS, whole)}: "
                "the loop was busy elsewhere"
            )
            yield ready, Why(text, scene.ids([index]))


def _running(scene: Scene, requests: list[int]) -> Iterator[tuple[float, Why]]:
    culprits = {scene.servers.get(block) for block in scene.victims}
    for index in requests:
        running, whole = scene.number(index, names.LOOP_RUNNING_MS), scene.duration(index)
        if index in culprits or running < LEAST_MS or running * NS_PER_MS < MOST_OF_IT * whole:
            continue
        line = scene.attribute(index, names.LOOP_LONGEST_LINE)
        longest = scene.number(index, names.LOOP_LONGEST_MS)
        step = f", {duration(longest)} of it in one go" if longest else ""
        where = f" at {clean(line)}" if step and isinstance(line, str) and line else ""
        text = (
            f"{scene.subject(index)} kept the loop for {share(running * NS_PER_MS, whole)}"
            f"{step}{where}: it worked rather than waited"
        )
        yield running, Why(text, scene.ids([index]))
