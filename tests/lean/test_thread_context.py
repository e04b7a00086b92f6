"""What lean is for: threads and connections that are not made, and those that are kept."""

import pytest

KEPT_BY_STOCK = {"made": 200, "statuses": [200]}


def test_async_views_in_flight_hold_no_thread(on_sqlite):
    """Two hundred requests wait in an async view at once, and no thread was made for them."""
    assert on_sqlite(True).play("two_hundred_in_flight") == {"made": 0, "statuses": [200]}


def test_stock_holds_a_thread_for_each(on_sqlite):
    """The reason for all this: if Django ever stops it, lean has nothing left to do."""
    assert on_sqlite(False).play("two_hundred_in_flight") == KEPT_BY_STOCK


def test_async_views_and_streams_make_no_thread(on_sqlite):
    """One after the other: views, async streams and a 404 leave no thread behind."""
    assert on_sqlite(True).play("async_requests_in_turn") == {"made": []}


def test_disconnect_in_async_view_makes_no_thread(on_sqlite):
    """The view is cancelled without a thread; a project's own receiver still gets one."""
    outcome = on_sqlite(True).play("disconnect_in_async_view")
    assert outcome == {"status": None, "finished": [False], "made": 0}


def test_disconnect_that_nobody_hears_of_makes_no_thread(on_sqlite):
    """With Django's own receivers only, a cancelled request ends without any thread."""
    assert on_sqlite(True).play("disconnect_in_async_view_unheard") == {"made": 0}


def test_sync_views_share_a_thread_in_turn(on_sqlite):
    """Ten sync requests, one after the other, run on one thread, which is not the loop's."""
    assert on_sqlite(True).play("sync_requests_in_turn") == {"threads": 1, "on_loop": False}


@pytest.mark.parametrize("age", [60, None])
def test_connections_are_kept_with_an_age(on_sqlite, age):
    """With CONN_MAX_AGE, sync and async views that follow each other share one connection."""
    outcome = on_sqlite(True, age=age, LEAN_FRESH=str(age)).play("connections_in_turn")
    assert outcome == {"made": 1, "open": 1, "meats": 6}


def test_connection_too_old_is_closed_at_the_next_start(on_sqlite):
    """A connection that grew older than CONN_MAX_AGE while idle is not used again."""
    outcome = on_sqlite(True, age=1).play("old_connection")
    assert outcome == {"before": 1, "after": 1, "open": 1}


def test_idle_threads_go_with_their_connections(on_sqlite):
    """A thread that no request borrows ends after a while, and closes what it kept."""
    outcome = on_sqlite(True, age=None, LEAN_IDLE_S="0.2").play("idle_threads_go")
    assert outcome["held"] >= 1
    assert outcome["left"] == outcome["open"] == 0


def test_thread_local_of_the_project_survives(on_sqlite):
    """The one difference a project can see: its threading.local is not empty, as under WSGI."""
    assert on_sqlite(True).play("thread_local") == {"before": "set"}
    assert on_sqlite(False).play("thread_local") == {"before": None}
