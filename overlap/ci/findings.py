"""The findings of a verdict, and of a survey: lines that block, tasks that are lost, advice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from overlap.ci.finding import BLOCKING, LOST, Finding
from overlap.judge import Verdict
from overlap.judge.findings.blocked import COLLECTION
from overlap.judge.summary import MOST_OF_A_SENTENCE, clean, duration, listing

_OFF_LOOP: Final = "off_loop"
"""This advice is about lines that block: one finding is enough."""
_DO: Final = {
    "gather": "could run at once",
    "threads": "could run in a thread each",
    "one_query": "could be one query",
    "limit": "could run more at a time",
    "processes": "takes turns to compute in threads",
    "one_client": "makes a client for each call",
    "workers": "waits for a full event loop",
    "circuit_breaker": "is tried again and again while its server is down",
    "async_caller": "has a thread that only waits for async code",
    "reference": "starts a task that nothing waits for",
    "time_limit": "may wait too long for a call",
    "async_iterator": "sends nothing before all of it is made",
    "task_group": "continues after another call has failed",
    "durable": "is lost with its process",
}


def of_verdict(verdict: Verdict, route: str, test: str = "") -> Iterator[Finding]:
    """Yield the findings of one trace."""
    how = {each.at: each.text for each in verdict.advice if each.change == _OFF_LOOP}
    for block in verdict.blocked:
        if block.culprit != COLLECTION:
            what = f"{clean(block.culprit)} blocked the event loop for {duration(block.ms)}"
            text = f"{what}: {how[block.culprit]}" if block.culprit in how else what
            yield Finding(BLOCKING, block.culprit, text, route, test, verdict.trace_id)
    if verdict.lost:
        text = f"lost: {listing(verdict.lost)}"
        yield Finding(LOST, "", text, route, test, verdict.trace_id)
    for advice in verdict.advice:
        if advice.change not in (_OFF_LOOP, "durable"):
            where = clean(advice.parent) if advice.parent else route
            text = clean(advice.text, MOST_OF_A_SENTENCE)
            yield Finding(advice.change, advice.at, text, where, test, verdict.trace_id)


def of_survey(document: dict[str, Any]) -> Iterator[Finding]:
    """Yield the findings of what `Report.as_dict` returns."""
    for row in document["culprits"]:
        if row["culprit"] != COLLECTION:
            text = (
                f"{clean(row['culprit'])} blocked the event loop {row['blocks']:,} times, "
                f"{duration(row['held_s'] * 1000)} in all; other requests waited "
                f"{duration(row['others_waited_s'] * 1000)}"
            )
            yield Finding(
                BLOCKING, row["culprit"], text, ", ".join(row["routes"][:3]), "", row["example"],
                row["blocks"],
            )  # fmt: skip
    for route in document["routes"]:
        name = clean(route["route"])
        for task, count in route["lost"].items():
            text = f"{name}: the background task {clean(task)} was lost {count:,} times"
            yield Finding(LOST, "", text, f"{route['route']} {task}", "", "", count)
        for row in route["advice"]:
            if row["change"] in (_OFF_LOOP, "durable"):
                continue
            what = _DO.get(row["change"], row["change"])
            condition = f", {row['condition']}" if row["condition"] else ""
            text = (
                f"{name}: below {clean(row['parent'])}, what runs here {what}; the median request "
                f"would save {duration(row['saves_p50_ms'])}{condition}"
            )
            yield Finding(
                row["change"], row["at"], text, route["route"], "", row["example"], row["traces"]
            )
