"""What the response did not wait for: background work, how it ended, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator

from overlap import names
from overlap.judge.findings.beyond_response import OUTLIVED_NS, lost
from overlap.judge.model import Why
from overlap.judge.summary import clean, duration
from overlap.judge.tree.span_tree import NO_PARENT
from overlap.judge.why.context import NS_PER_MS, Scene

_ENDS = {
    names.TASK_FAILED: ", and failed",
    names.TASK_CANCELLED: ", and was cancelled",
    names.TASK_LOST: ", and was cut off by the process's end",
}


def reasons(scene: Scene) -> Iterator[Why]:
    """Work that went on after its response, by name; then tasks that were lost."""
    tree = scene.tree
    outliving = {
        index
        for index, server in scene.servers.items()
        if tree.is_work(index) and tree.ends[index] - tree.ends[server] > OUTLIVED_NS
    }
    tops: dict[tuple[str, int], list[int]] = {}
    for index in outliving:
        if tree.parents[index] not in outliving:
            key = (tree.spans[index].name, scene.servers[index])
            tops.setdefault(key, []).append(index)
    past = {
        key: max(tree.ends[index] - tree.ends[key[1]] for index in members)
        for key, members in tops.items()
    }
    for key in sorted(tops, key=lambda key: (-past[key], key)):
        yield _background(scene, key[1], sorted(tops[key]), past[key])
    if gone := _never_ended(scene):
        yield _lost(scene, gone)
    for index, span in enumerate(tree.spans):
        if span.name == names.SPAN_TASK_DROPPED:
            yield _dropped(scene, index)


def _never_ended(scene: Scene) -> list[str]:
    """The lost tasks but for those that were collected, or cut off by a shutdown."""
    gone = lost(scene.tree)
    for span in scene.tree.spans:
        name = span.attributes.get(names.TASK_NAME) or span.name
        if span.name == names.SPAN_TASK_DROPPED and name in gone:
            gone.remove(str(name))
    return gone


def _dropped(scene: Scene, index: int) -> Why:
    span = scene.tree.spans[index]
    name = span.attributes.get(names.TASK_NAME)
    who = clean(name) if isinstance(name, str) and name else scene.called(index)
    said = f": {clean(span.status_message)}" if span.status_message else ""
    if span.attributes.get(names.TASK_END) == names.TASK_FAILED:
        text = f"{who} failed and nobody asked{said}"
    elif span.attributes.get(names.TASK_END) == names.TASK_CUT:
        text = f"{who} was cut off{said}"
    else:
        text = f"{who} was lost{said}"
    above = scene.tree.parents[index]
    return Why(text, scene.ids([index, *([above] if above != NO_PARENT else [])]))


def _background(scene: Scene, server: int, members: list[int], past_ns: int) -> Why:
    name = scene.called(members[0])
    who = name if len(members) == 1 else f"{len(members)} x {name}"
    end = scene.attribute(members[0], names.TASK_END)
    ended = _ENDS.get(end, "") if isinstance(end, str) and len(members) == 1 else ""
    if end == names.TASK_FAILED and ended and scene.tree.spans[members[0]].status_message:
        ended += f" ({clean(scene.tree.spans[members[0]].status_message)})"
    text = (
        f"{scene.subject(server)} did not wait for {who}, which went on for "
        f"{duration(past_ns / NS_PER_MS)} after it{ended}"
    )
    return Why(text, scene.ids([server, *members]))


def _lost(scene: Scene, gone: list[str]) -> Why:
    tree = scene.tree
    evidence = [
        index
        for index, span in enumerate(tree.spans)
        if span.attributes.get(names.TASK_END) == names.TASK_LOST
        or (names.TASK_ID in span.attributes and span.name == names.SPAN_TASK_STARTED)
    ]
    evidence += [tree.parents[index] for index in evidence if tree.parents[index] != NO_PARENT]
    what = clean(gone[0]) if len(gone) == 1 else f"{clean(gone[0])} and {len(gone) - 1} more"
    was = "was" if len(gone) == 1 else "were"
    return Why(
        f"{what} {was} begun and never ended: the process was gone first", scene.ids(evidence)
    )
