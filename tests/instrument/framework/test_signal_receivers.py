"""Receivers of signals: timed, named, and otherwise as they are."""

from __future__ import annotations

import pytest

RECEIVERS = """
from django.dispatch import Signal
signal = Signal()
seen = []
def quick(**named):
    seen.append("quick")
    return 1
def slow(**named):
    time.sleep(NAP_S)
    seen.append("slow")
    return 2
async def later(**named):
    await asyncio.sleep(0)
    seen.append("later")
    return 3
"""


@pytest.mark.parametrize("robust", ["", "_robust"])
def test_a_slow_receiver_is_a_span_and_all_are_added_up(recorded, robust):
    """Django returns each receiver itself with its response."""
    sink = recorded(
        RECEIVERS
        + f"""
for receiver in (quick, slow, later):
    signal.connect(receiver)
with tracer.start_as_current_span("view"):
    assert signal.send{robust}(None) == [(quick, 1), (slow, 2), (later, 3)]
assert seen == ["quick", "slow", "later"]
"""
    )
    view, span = sink.one("view"), sink.one("signal.receiver")
    assert span.attributes["code.function.name"].endswith(".slow")
    assert span.parent_id == view.span_id
    assert span.ms >= 20
    assert view.attributes["overlap.receivers.calls"] == 2
    assert view.attributes["overlap.receivers.duration_ms"] >= 20
    assert "overlap.receivers.in_thread" not in view.attributes


def test_the_receivers_that_asend_runs_in_a_thread_are_named(recorded):
    """All of them in one call; an async one is none of them."""
    sink = recorded(
        RECEIVERS
        + """
for receiver in (quick, slow, later):
    signal.connect(receiver)
async def main():
    with tracer.start_as_current_span("view"):
        assert await signal.asend(None) == [(quick, 1), (slow, 2), (later, 3)]
        assert await signal.asend_robust(None) == [(quick, 1), (slow, 2), (later, 3)]
asyncio.run(main())
"""
    )
    named = sink.one("view").attributes["overlap.receivers.in_thread"]
    assert [each.rpartition(".")[2] for each in named] == ["quick", "slow"]
    slow = [span.attributes["code.function.name"] for span in sink.named("signal.receiver")]
    assert [name.rpartition(".")[2] for name in slow].count("slow") == 2


def test_queries_in_a_slow_receiver_become_its_children(recorded):
    """From the second time on."""
    sink = recorded(
        RECEIVERS
        + """
from django.db import connection
@signal.connect
def query(**named):
    time.sleep(NAP_S)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
signal.connect(query)
for number in range(2):
    with tracer.start_as_current_span(f"view {number}"):
        signal.send(None)
""".replace("@signal.connect\n", "")
    )
    _, second = sorted(sink.named("SELECT"), key=lambda span: span.start)
    assert second.parent_id == sink.one("signal.receiver").span_id


def test_an_exception_of_a_receiver_ends_the_signal_as_before(recorded):
    """The others are not called, and nothing of ours stays behind."""
    sink = recorded(
        RECEIVERS
        + """
def fail(**named):
    time.sleep(NAP_S)
    raise KeyError("coal")
signal.connect(fail)
signal.connect(quick)
for _ in range(3):
    with tracer.start_as_current_span("view"):
        try:
            signal.send(None)
            raise AssertionError
        except KeyError:
            pass
        assert trace.get_current_span().name == "view"
assert seen == []
overlap.shutdown()
assert not hasattr(Signal._live_receivers, "__wrapped__")
"""
    )
    assert len(sink.named("signal.receiver")) == 3


def test_who_only_asks_for_receivers_calls_none(recorded):
    """`has_listeners`, and lean's look at request_finished."""
    sink = recorded(
        RECEIVERS
        + """
signal.connect(quick)
with tracer.start_as_current_span("view"):
    assert signal.has_listeners()
    assert list(signal._live_receivers(None)[0]) == [quick]
    from overlap.instrument.framework.signal_receivers import Receivers
    assert list(Receivers([quick])) == [quick]
"""
    )
    assert "overlap.receivers.calls" not in sink.one("view").attributes


def test_our_own_receivers_are_not_counted(recorded):
    """A new database connection has one: it is no work of the project's."""
    sink = recorded("""
    from django.db import connection
    from django.db.backends.signals import connection_created
    with tracer.start_as_current_span("ours alone"):
        connection_created.send(connection.__class__, connection=connection)
    def theirs(**named): pass
    connection_created.connect(theirs)
    with tracer.start_as_current_span("both"):
        connection_created.send(connection.__class__, connection=connection)
    """)
    assert "overlap.receivers.calls" not in sink.one("ours alone").attributes
    assert sink.one("both").attributes["overlap.receivers.calls"] == 1
