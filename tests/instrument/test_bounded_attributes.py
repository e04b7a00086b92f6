"""Metrics stay few, whatever names there are."""

from __future__ import annotations

from overlap.instrument.bounded_attributes import OTHER, Bounded


def test_beyond_the_limit_all_are_one():
    """Those that came first are told apart for good, the rest are `other`, and nothing grows."""
    names = Bounded[str](2, lambda name: {"name": name}, {"name": OTHER})
    assert [names[name]["name"] for name in ("a", "b", "c", "a", "d")] == [
        "a", "b", OTHER, "a", OTHER,
    ]  # fmt: skip


def test_attributes_are_made_once():
    """The same object each time: nobody sorts or copies them anew."""
    names = Bounded[str](2, lambda name: {"name": name}, {})
    assert names["a"] is names["a"]


def test_tasks_beyond_the_limit_are_counted_under_one_name(own_sink, run):
    """A name for each order: the first hundred are kept, and no count is missing."""
    run(
        """
        import asyncio, overlap
        overlap.instrument()
        async def work(): pass
        async def main():
            await asyncio.gather(*(overlap.spawn(work(), name=f"order {n}") for n in range(150)))
        asyncio.run(main())
        overlap.shutdown()
        """,
        own_sink.url,
    )
    for which in ("started", "ended"):
        points = own_sink.points(f"overlap.background.{which}")
        counts = {a["overlap.task.name"]: p.as_int for a, p in points}
        assert len(counts) == 101
        assert counts["other"] == 50
        assert sum(counts.values()) == 150
