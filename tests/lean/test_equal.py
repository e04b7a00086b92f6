"""Where the outcome must be stock Django's, it is: each scenario played lean and stock."""

import pytest

AT_REST = {
    "language": "en-us",
    "zone": "America/Chicago",
    "urlconf": "leansite.urls",
    "variable": "unset",
    "atomic": False,
    "autocommit": True,
    "queries": 0,
    "wrappers": 0,
}
"""What a view sees where nothing is left of another request."""

LEFT_BEHIND = {
    "after_locale": {"first": 200, "meats": 0},
    "after_atomic": {"first": 200, "meats": 0},
    "after_crash_in_atomic": {"first": 500, "meats": 0},
    "after_manual": {"first": 200, "meats": 0},
    "after_wrapper": {"first": 200, "meats": 0},
    "after_create_and_crash": {"first": 500, "meats": 1},
    "after_acreate_and_crash": {"first": 500, "meats": 1},
}

OUTCOMES = {
    "sync_requests_at_once": {"threads": 50},
    "own_receivers": {
        "order": ["first", "second", "end"],
        "off_the_loop": True,
        "with_the_view": True,
    },
    "async_receivers": {
        "told": [["start", "ASGIHandler", ["scope"]], ["end", "ASGIHandler", []]] * 2
    },
    "failing_receiver": {"error": "on purpose", "after": 200},
    "other_context_around": {"same": True},
    "uploads": {"size": 3_000_000, "left": False},
    "files_and_closers": {
        "body": "smoke",
        "file": [["closed", False]],
        "closer": [["closed", False]],
    },
    "own_cache": {"closed": 1, "on_loop": False},
    "disconnect_in_sync_view": {
        "apart": True,
        "ended_early": False,
        "happened": ["held to the end"],
        "meats": [0, 0, 0],
        "atomic": [False, False, False],
    },
    "disconnect_in_transaction": {
        "apart": True,
        "ended_early": False,
        "happened": ["committed"],
        "meats": [1, 1, 1],
        "atomic": [False, False, False],
    },
    "disconnect_in_left_transaction": {
        "apart": True,
        "ended_early": False,
        "happened": [],
        "meats": [0, 0, 0],
        "atomic": [False, False, False],
    },
    "server_cancels": {
        "early": False,
        "cancelled": True,
        "others": 3,
        "atomic": False,
        "meats": 0,
    },
    "background_after_response": {"happened": [1], "meats": 1},
    "background_holds_thread": {"apart": True, "happened": ["done"], "meats": 1},
    "many_mixed": {
        "language": ["en-us"],
        "zone": ["America/Chicago"],
        "urlconf": ["leansite.urls"],
        "variable": ["unset"],
        "atomic": ["False"],
        "autocommit": ["True"],
        "meats": ["0"],
    },
} | {name: AT_REST | seen for name, seen in LEFT_BEHIND.items()}

SETTINGS = [(True, 0), (True, 60), (True, None), (False, 0)]
"""Stock Django has no use for an age under ASGI: one setting shows what it does."""
modes = pytest.mark.parametrize("lean", [True, False], ids=["lean", "stock"])


@pytest.mark.parametrize(
    ("lean", "age"), SETTINGS, ids=[f"{'lean' if s[0] else 'stock'} {s[1]}" for s in SETTINGS]
)
@pytest.mark.parametrize("scenario", OUTCOMES)
def test_comes_out_as_in_stock_django(on_sqlite, scenario, lean, age):
    """Receivers, closers, transactions, cancelled requests and late work: the same either way."""
    assert on_sqlite(lean, age=age).play(scenario) == OUTCOMES[scenario]


@modes
def test_queries_are_reset_for_each_request(on_sqlite, lean):
    """With DEBUG, a view sees its own queries only, on a thread used before too."""
    stage = on_sqlite(lean, age=60, LEAN_DEBUG="1")
    assert stage.play("queries_in_turn") == {"queries": [1, 1, 1, 1]}


@modes
@pytest.mark.parametrize("scenario", ["after_create_and_crash", "after_acreate_and_crash"])
def test_atomic_requests_leave_nothing_of_a_crash(on_sqlite, scenario, lean):
    """With ATOMIC_REQUESTS a crashed sync view is rolled back; Django refuses async ones."""
    outcome = on_sqlite(lean, age=60, atomic=True).play(scenario)
    inside = {"atomic": True, "autocommit": False}
    assert outcome == AT_REST | inside | {"first": 500, "meats": 0}


@modes
def test_connection_is_closed_without_age(on_sqlite, lean):
    """With CONN_MAX_AGE=0 each request has a connection of its own, and none stays open."""
    outcome = on_sqlite(lean, age=0).play("connections_in_turn")
    assert outcome == {"made": 6, "open": 0, "meats": 6}


ALL_TELEMETRY = {"LEAN_TELEMETRY": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize("more", [{}, ALL_TELEMETRY], ids=["lean alone", "all telemetry"])
def test_connections_of_background_work_are_closed_when_it_ends(on_sqlite, more):
    """A task that uses the ORM after the response leaves no connection to the collector."""
    # In a process of its own: no other scenario has left a task or a connection there.
    outcome = on_sqlite(True, LEAN_APART="1", **more).play("background_connections")
    assert outcome == {"open": 0}


@pytest.mark.parametrize("more", [{}, ALL_TELEMETRY], ids=["lean alone", "all telemetry"])
def test_a_request_and_its_context_are_freed_at_its_end(on_sqlite, more):
    """Neither a postponed receiver, nor a pooled thread's timer, nor a heartbeat keeps one."""
    assert on_sqlite(True, LEAN_APART="2", **more).play("contexts_in_the_end") == {"left": 0}
